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

// maxAtOnce is the number of requests served at once; others are asked to come back.
const maxAtOnce = 32

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
	slots    chan struct{}
}

// NewHandler returns the handler of a central. The logger may be nil.
func NewHandler(store exchange.Store, admitter Admitter, log *slog.Logger) *Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Handler{store, exchange.NewServer(store, log), admitter, log, make(chan struct{}, maxAtOnce)}
}

// ServeHTTP answers one request. Nothing is said to who has not shown a device key.
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
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		w.Header().Set("Retry-After", retryAfter(20*time.Second))
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	exporter, err := trust.Exporter(*r.TLS)
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch {
	case r.Method == http.MethodGet && r.URL.Path == pathHello:
	case r.Method == http.MethodPost && r.URL.Path == pathExchange:
		answer, err := h.server.Serve(r.Context(), peer, exporter, body)
		if err != nil {
			h.log.Warn("exchange", "peer", peer.Tag(), "err", err)
		}
		_, _ = w.Write(answer)
	case r.Method == http.MethodPost && r.URL.Path == pathJoin:
		h.join(w, r, peer, exporter, body)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// maxName is the most bytes of a device's name.
const maxName = 64

func (h *Handler) join(w http.ResponseWriter, r *http.Request, peer trust.Key, exporter, body []byte) {
	var q joinRequest
	if err := json.Unmarshal(body, &q); err != nil || q.Name == "" || len(q.Name) > maxName || !utf8.ValidString(q.Name) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if _, err := trust.RecipientBytes(q.Age); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
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
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "Cette invitation n'existe pas, a déjà servi ou a expiré.")
		return
	}
	h.log.Info("device joined", "peer", peer.Tag())
	control, err := h.control(r.Context())
	if err != nil {
		h.log.Error("join", "err", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	t := h.store.Territory()
	answer, err := json.Marshal(joinAnswer{Territory: t[:], Control: control, Proof: trust.Proof(code, exporter, trust.SideAdmit, t[:], control)})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(answer)
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
