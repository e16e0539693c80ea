package central

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"cantal.fr/buron/sync/exchange"
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

// Handler serves devices.
type Handler struct {
	store    exchange.Store
	server   *exchange.Server
	admitter exchange.Admitter
	log      *slog.Logger
	known    chan struct{} // places of devices on the roster
	unknown  chan struct{} // places of others
}

// NewHandler returns the handler of a central. The logger may be nil.
func NewHandler(store exchange.Store, admitter exchange.Admitter, log *slog.Logger) *Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Handler{store, exchange.NewServer(store, log), admitter, log, make(chan struct{}, maxAtOnce), make(chan struct{}, maxStrangers)}
}

// ServeHTTP answers one request. Nothing is said to who has not shown a device key. A place is taken for the
// time of the work alone: neither a slow request nor a slow reader holds one.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", mediaType)
	w.Header()["Date"] = nil // left out: nobody believes a clock
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
	case r.Method == http.MethodGet && r.URL.Path == pathVouch:
		answer, err := json.Marshal(h.store.Roster().Vouchers(h.store.Identity().Public()))
		if err != nil {
			return http.StatusInternalServerError, nil
		}
		return http.StatusOK, answer
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

func (h *Handler) join(r *http.Request, peer trust.Key, exporter, body []byte) (status int, answer []byte) {
	answer, err := exchange.AnswerJoin(r.Context(), h.store, h.admitter, peer, exporter, body)
	switch {
	case errors.Is(err, exchange.ErrJoin):
		return http.StatusBadRequest, nil
	case errors.Is(err, exchange.ErrNoInvitation):
		h.log.Warn("join refused", "peer", peer.Tag(), "err", err)
		return http.StatusForbidden, []byte("Cette invitation n'existe pas, a déjà servi ou a expiré.")
	case err != nil:
		h.log.Error("join", "peer", peer.Tag(), "err", err)
		return http.StatusInternalServerError, nil
	}
	h.log.Info("device joined", "peer", peer.Tag())
	return http.StatusOK, answer
}
