// Package central is the transport to the département's service: the HTTPS client and its handler side by
// side, so that they cannot drift. It tells apart the ways in which a network lies. Its invariant: nothing
// is sent before the server has shown the key that was learnt when the device joined.
package central

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Paths of the service.
const (
	pathHello    = "/v1/hello"
	pathVouch    = "/v1/vouch"
	pathExchange = "/v1/exchange"
	pathJoin     = "/v1/join"
)

// maxBody is the most bytes of a request or an answer.
const maxBody = 8 << 20

// mediaType marks what is ours: a page of a captive portal is never that.
const mediaType = "application/vnd.buron"

// The ways in which the central is not reached. Each has a French sentence of its own (Sentence).
var (
	ErrSilent      = errors.New("central: no answer")
	ErrPortal      = errors.New("central: the network asks for a sign-in page")
	ErrIntercepted = errors.New("central: the network reads encrypted connections")
	ErrRefused     = errors.New("central: refused")
	ErrBusy        = errors.New("central: busy, try later")
)

// Busy is the error of a server that asks to be left alone for a while: it is ErrBusy.
type Busy struct{ After time.Duration }

func (b *Busy) Error() string { return fmt.Sprintf("%v: in %s", ErrBusy, b.After) }

// Is makes a Busy one of the ways in which the central is not reached.
func (b *Busy) Is(target error) bool { return target == ErrBusy }

// Sentence returns what to tell people of an error of the client.
func Sentence(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, exchange.ErrRevoked):
		return "Cet appareil n'est plus admis dans ce territoire. Ses saisies sont gardées ici. Prévenez la coordination."
	case errors.Is(err, exchange.ErrUnadmitted):
		return "Cet appareil n'est pas admis sous la clé qu'il a maintenant. Demandez une invitation à la coordination. D'ici là, vos saisies restent ici."
	case errors.Is(err, ErrPortal):
		return "Ce Wi-Fi demande une page de connexion. Ouvrez un navigateur, ou continuez hors ligne."
	case errors.Is(err, ErrIntercepted):
		return "Ce réseau ouvre les échanges chiffrés. Rien n'est parti\u00a0: changez de réseau, ou continuez hors ligne."
	case errors.Is(err, ErrRefused):
		return "Le central ne reconnaît pas cet appareil, ou n'est plus le même. Prévenez la coordination."
	case errors.Is(err, ErrBusy):
		return "Le central est occupé. Les échanges reprendront seuls."
	}
	return "Le central ne répond pas. Vos saisies sont enregistrées ici. Elles partiront seules."
}

// Client speaks to one central.
type Client struct {
	base   string
	id     *trust.Identity
	pinned *trust.Key
	http   *http.Client
}

// NewClient returns a client of the service at an https URL. Pinned is the key learnt when the device
// joined; nil while it joins. Proxies are those of the environment.
func NewClient(address string, id *trust.Identity, pinned *trust.Key) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("«\u00a0%s\u00a0» n'est pas l'adresse d'un central\u00a0: écrivez https://hôte:port", address)
	}
	config, err := trust.ClientTLS(id, pinned)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, TLSHandshakeTimeout: 10 * time.Second,
		// One connection: the proof of an invitation is bound to it.
		MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1, DisableCompression: true, // what travels is compressed already
		IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: 60 * time.Second,
	}
	return &Client{u.String(), id, pinned, &http.Client{
		Transport: transport, Timeout: 2 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close releases the connection.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Exporter greets the service and returns the trust.Exporter of the connection, over which a device that the
// service has not heard of yet proves that it belongs to the territory.
func (c *Client) Exporter(ctx context.Context) ([]byte, error) {
	state, _, err := c.send(ctx, http.MethodGet, pathHello, nil)
	if err != nil {
		return nil, err
	}
	return trust.Exporter(*state)
}

// Successor returns the key of a service that goes on from the one that was pinned, as after a backup was restored:
// the old key has signed for it. Of one that does not, the key is returned with the error. C must not be pinned.
func (c *Client) Successor(ctx context.Context, t journal.Territory, pinned trust.Key) (trust.Key, error) {
	state, b, err := c.send(ctx, http.MethodGet, pathVouch, nil)
	if err != nil {
		return trust.Key{}, err
	}
	key, err := trust.PeerKey(*state)
	if err != nil {
		return key, err
	}
	var list []trust.Voucher
	if json.Unmarshal(b, &list) != nil || !trust.VouchedBy(t, pinned, key, list) {
		return key, fmt.Errorf("%w: %w", ErrRefused, trust.ErrPinned)
	}
	return key, nil
}

// Call sends an exchange request: a Client is an exchange.Conn.
func (c *Client) Call(ctx context.Context, request []byte) ([]byte, error) {
	_, b, err := c.send(ctx, http.MethodPost, pathExchange, request)
	return b, err
}

func (c *Client) send(ctx context.Context, method, path string, body []byte) (*tls.ConnectionState, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("central: %w", err)
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("User-Agent", "") // left out: on a small exchange the names of programs are a tenth
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, classify(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrSilent, err)
	}
	switch {
	case resp.Header.Get("Content-Type") != mediaType:
		return nil, nil, fmt.Errorf("%w: %s, %s", ErrPortal, resp.Status, resp.Header.Get("Content-Type"))
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable:
		return nil, nil, &Busy{readRetryAfter(resp.Header.Get("Retry-After"))}
	case resp.StatusCode == http.StatusForbidden:
		return nil, nil, fmt.Errorf("%w: %s", ErrRefused, strings.TrimSpace(string(b)))
	case resp.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("%w: %s", ErrSilent, resp.Status)
	}
	return resp.TLS, b, nil
}

// classify tells a network that lies from one that is silent.
func classify(err error) error {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.Is(err, trust.ErrPinned), errors.As(err, &alert):
		// A device key that is not the pinned one is another central; any other certificate is a proxy's.
		if strings.Contains(err.Error(), trust.NotDeviceKey) {
			return fmt.Errorf("%w: %w", ErrIntercepted, err)
		}
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case strings.Contains(err.Error(), trust.NotDeviceKey):
		return fmt.Errorf("%w: %w", ErrIntercepted, err)
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("%w: %w", ErrPortal, err)
	case strings.Contains(err.Error(), "protocol version not supported"):
		return fmt.Errorf("%w: %w", ErrIntercepted, err)
	}
	return fmt.Errorf("%w: %w", ErrSilent, err)
}

// Join asks to be admitted with the code of an invitation, and returns what was learnt with the central's key.
func (c *Client) Join(ctx context.Context, code, name string) (exchange.Joined, trust.Key, error) {
	var none exchange.Joined
	state, _, err := c.send(ctx, http.MethodGet, pathHello, nil)
	if err != nil {
		return none, trust.Key{}, err
	}
	exporter, err := trust.Exporter(*state)
	if err != nil {
		return none, trust.Key{}, err
	}
	server, err := trust.PeerKey(*state)
	if err != nil {
		return none, trust.Key{}, err
	}
	request, err := exchange.AskJoin(c.id, code, name, exporter)
	if err != nil {
		return none, server, err
	}
	_, answer, err := c.send(ctx, http.MethodPost, pathJoin, request)
	if err != nil {
		return none, server, err
	}
	joined, err := exchange.ReadJoin(code, exporter, answer)
	switch {
	case errors.Is(err, exchange.ErrNoInvitation):
		return none, server, fmt.Errorf("%w: the service does not know this invitation", ErrRefused)
	case err != nil:
		return none, server, fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return joined, server, nil
}

// retryAfter is what a busy server asks for, in seconds.
func retryAfter(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// longestWait bounds what a server, or a proxy before it, may ask for.
const longestWait = 5 * time.Minute

// readRetryAfter reads the header in either of its forms (RFC 9110 §10.2.3); 0 where there is none.
func readRetryAfter(text string) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return min(time.Duration(min(n, 3600))*time.Second, longestWait)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), longestWait)
	}
	return 0
}
