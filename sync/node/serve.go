package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// admitter spends invitations of a replica: it is exchange.Admitter.
type admitter struct{ r *replica.Replica }

// Admit finds the invitation that matches, spends it and writes the device's admission.
func (a admitter) Admit(ctx context.Context, match func(code string) bool, key trust.Key, age, name string) (string, error) {
	used, err := a.r.AdmitDevice(ctx, match, func(i replica.Invite) trust.Device {
		return trust.Device{Key: key, Age: age, Role: i.Role, Places: i.Places, Name: name}
	})
	if errors.Is(err, replica.ErrInvitation) {
		return "", exchange.ErrNoInvitation
	}
	return used.Code, err
}

// servingGC is how much garbage a serving process lets grow, in per cent of what is live.
const servingGC = 50

// Limits of the service.
const (
	maxHeader    = 16 << 10        // bytes of a request line and its headers: ours take a few hundred
	lastRequests = 5 * time.Second // for the requests under way when it ends
)

// ServeOptions say how a central serves.
type ServeOptions struct {
	Listen  string         // TCP address
	Ready   func(net.Addr) // called once it is listened on
	USB     bool           // read the bundles of sticks that are plugged in
	Folders []string       // folders that are looked at like sticks
	Log     *slog.Logger
}

// ServeCentral answers devices until ctx is done, reads the bundles that are dropped into its inbox, and notices what
// commands write beside it: whom they admit, revoke or erase.
func ServeCentral(ctx context.Context, r *replica.Replica, o ServeOptions) error {
	log := o.Log
	// The service shares its machine with others: half the garbage is a tenth less memory at its peak (make bench).
	defer debug.SetGCPercent(debug.SetGCPercent(servingGC))
	config := trust.ServerTLS(r.Identity)
	config.NextProtos = []string{"http/1.1"}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("central: listen on %s: %w", o.Listen, err)
	}
	handler := central.NewHandler(r, admitter{r}, log)
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var serving sync.WaitGroup
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			serving.Add(1)
			defer serving.Done()
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return base },
	}
	sweepCopies(r.Dir(), log)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { poll(ctx, r, log) })
	wg.Go(func() { keep(ctx, r, log) })
	wg.Go(func() { prepareSnapshots(ctx, r, log) })
	wg.Go(func() { New(r, Options{USB: o.USB, Folders: o.Folders, Log: log}).watchSticks(ctx) })
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(base, lastRequests)
		defer cancel()
		err := server.Shutdown(end)
		if errors.Is(err, context.DeadlineExceeded) {
			// Who takes longer is cut off: nothing is answered from a replica that is closed.
			cut()
			err = server.Close()
			serving.Wait()
		}
		stopped <- err
	}()
	o.Ready(l.Addr())
	if err := server.Serve(tls.NewListener(l, config)); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("central: serve: %w", err)
	}
	return <-stopped
}
