package central

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
	"unicode/utf8"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Limits of what is served at once; others are asked to come back. Unknown keys, those of devices that join
// among them, have places of their own: strangers never keep a device of the territory out.
const (
	maxAtOnce     = 32
	maxStrangers  = 4
	strangerBody  = 256 << 10        // bytes of a request of an unknown key
	strangerLimit = 10 * time.Second // for all of its request to arrive
	comeBack      = 20 * time.Second
)

// Admitter spends an invitation. It is an interface because the arrow from a transport to the replica must
// not be drawn.
type Admitter interface {
	// Admit finds the invitation whose code matches, spends it and writes the admission of the device. The
	// error is ErrNoInvitation where none matches.
	Admit(ctx context.Context, match func(code string) bool, key trust.Key, age, name string) (code string, err error)
}

// ErrNoInvitation is returned by an Admitter where no open invitation matches.
var ErrNoInvitation = errors.New("central: no such invitation, or it was used or has expired")

// Handler serves devices.
type Handler struct {
	store    exchange.Store
	server   *exchange.Server
	admitter Admitter
	log      *slog.Logger
	known    chan struct{} // places of devices on the roster
	unknown  chan struct{} // places of others
}

// NewHandler returns the handler of a central. The logger may be nil.
func NewHandler(store exchange.Store, admitter Admitter, log *slog.Logger) *Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Handler{store, exchange.NewServer(store, log), admitter, log, make(chan struct{}, maxAtOnce), make(chan struct{}, maxStrangers)}
}

// ServeHTTP answers one request. Nothing is said to who has not shown a device key. A place is taken for the
// time of the work alone: neither a slow request nor a slow reader holds one.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", mediaType)
	if r.TLS == nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	peer, err := trust.PeerKey(*r.TLS)
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	exporter, err := trust.Exporter(*r.TLS)
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	places, limit := h.known, int64(maxBody)
	if _, ok := h.store.Roster().Device(peer); !ok {
		places, limit = h.unknown, strangerBody
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(strangerLimit)) // where it cannot be set, the server's own holds
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case places <- struct{}{}:
	default:
		w.Header().Set("Retry-After", retryAfter(comeBack))
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	status, answer := func() (int, []byte) {
		defer func() { <-places }()
		return h.answer(r, peer, exporter, body)
	}()
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

func (h *Handler) answer(r *http.Request, peer trust.Key, exporter, body []byte) (status int, answer []byte) {
	switch {
	case r.Method == http.MethodGet && r.URL.Path == pathHello:
		return http.StatusOK, nil
	case r.Method == http.MethodPost && r.URL.Path == pathExchange:
		answer, err := h.server.Serve(r.Context(), peer, exporter, body)
		if err != nil {
			h.log.Warn("exchange", "peer", peer.Tag(), "err", err)
		}
		return http.StatusOK, answer
	case r.Method == http.MethodPost && r.URL.Path == pathJoin:
		return h.join(r, peer, exporter, body)
	}
	return http.StatusNotFound, nil
}

// maxName is the most bytes of a device's name.
const maxName = 64

func (h *Handler) join(r *http.Request, peer trust.Key, exporter, body []byte) (status int, answer []byte) {
	var q joinRequest
	if err := json.Unmarshal(body, &q); err != nil || q.Name == "" || len(q.Name) > maxName || !utf8.ValidString(q.Name) {
		return http.StatusBadRequest, nil
	}
	if _, err := trust.RecipientBytes(q.Age); err != nil {
		return http.StatusBadRequest, nil
	}
	code, err := h.admitter.Admit(r.Context(), func(code string) bool {
		return hmac.Equal(q.Proof, trust.Proof(code, exporter, trust.SideJoin, []byte(q.Name), []byte(q.Age)))
	}, peer, q.Age, q.Name)
	if err != nil {
		h.log.Warn("join refused", "peer", peer.Tag(), "err", err)
		status := http.StatusInternalServerError
		if errors.Is(err, ErrNoInvitation) {
			status = http.StatusForbidden
		}
		return status, []byte("Cette invitation n'existe pas, a déjà servi ou a expiré.")
	}
	h.log.Info("device joined", "peer", peer.Tag())
	control, err := h.control(r.Context())
	if err != nil {
		h.log.Error("join", "err", err)
		return http.StatusInternalServerError, nil
	}
	t := h.store.Territory()
	answer, err = json.Marshal(joinAnswer{Territory: t[:], Control: control, Proof: trust.Proof(code, exporter, trust.SideAdmit, t[:], control)})
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	return http.StatusOK, answer
}

// control returns the whole of the control scope, as pieces.
func (h *Handler) control(ctx context.Context) ([]byte, error) {
	heads, err := h.store.Heads(ctx, trust.Control)
	if err != nil {
		return nil, err
	}
	var out []byte
	done := map[journal.Chain]bool{}
	for _, head := range heads {
		if done[head.Chain] {
			continue
		}
		done[head.Chain] = true
		pieces, _, err := h.store.Missing(ctx, head.Chain, nil, 1<<20, maxBody)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			if out, err = p.AppendWire(out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
