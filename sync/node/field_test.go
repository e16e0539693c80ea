package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"github.com/google/uuid"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
		goleak.Cleanup(func(int) { http.DefaultTransport.(*http.Transport).CloseIdleConnections() }))
}

// field is a territory with a central that serves on loopback.
type field struct {
	t       testing.TB
	central *replica.Replica
	url     string
	log     *slog.Logger
	stop    func()
}

func newField(t testing.TB) *field {
	t.Helper()
	made, err := Found(t.Context(), t.TempDir(), FoundOptions{Territory: "Cantal", Device: "Central", Role: record.Central, WithoutRecovery: true})
	if err != nil {
		t.Fatal(err)
	}
	f := &field{t: t, central: made.Replica, log: quiet()}
	f.serve()
	t.Cleanup(func() { f.stop(); made.Replica.Close() })
	return f
}

// serve starts the central; f.stop cuts it off.
func (f *field) serve() {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	addr := "127.0.0.1:0"
	if f.url != "" {
		addr = f.url[len("https://"):]
	}
	go func() {
		done <- ServeCentral(ctx, f.central, ServeOptions{Listen: addr, Ready: func(a net.Addr) { ready <- a }, Log: f.log})
	}()
	select {
	case a := <-ready:
		f.url = "https://" + a.String()
	case err := <-done:
		f.t.Fatal(err)
	}
	f.stop = func() { cancel(); <-done; f.stop = func() {} }
}

// join makes a device join with an invitation, as people do.
func (f *field) join(name string, role record.Role, places ...string) *replica.Replica {
	f.t.Helper()
	r, err := Join(f.t.Context(), f.t.TempDir(), f.invite(role, places...), f.url, name, replica.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { r.Close() })
	return r
}

func (f *field) invite(role record.Role, places ...string) string {
	f.t.Helper()
	code, err := trust.NewCode(rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.central.AddInvitation(f.t.Context(), replica.Invite{Code: code, Role: role, Places: places, Expires: time.Now().Add(time.Hour)}); err != nil {
		f.t.Fatal(err)
	}
	return code
}

// exchange makes one exchange of a device with the central.
func (f *field) exchange(r *replica.Replica) Outcome {
	f.t.Helper()
	out, err := New(r, Options{Listen: "off"}).Once(f.t.Context())
	if err != nil || len(out) != 1 {
		f.t.Fatalf("Once: %v, %v", out, err)
	}
	return out[0]
}

// listen runs the node of a replica on loopback, without mDNS, and returns its address.
func listen(t testing.TB, r *replica.Replica, peers ...string) (*Node, string) {
	t.Helper()
	n := New(r, Options{Listen: "127.0.0.1:0", Alone: true, Peers: peers, Central: "off"})
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- n.RunReady(ctx, func(a string) { ready <- a }) }()
	t.Cleanup(func() { cancel(); <-done })
	select {
	case a := <-ready:
		return n, a
	case err := <-done:
		t.Fatal(err)
	}
	return nil, ""
}

func meet(t testing.TB, r *replica.Replica, address string) Outcome {
	t.Helper()
	out, err := New(r, Options{Listen: "off", Peers: []string{address}, Central: "off"}).Once(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out[len(out)-1]
}

func save(t testing.TB, r *replica.Replica, k record.Kind, set record.Fields) uuid.UUID {
	t.Helper()
	s, err := r.Save(t.Context(), uuid.Nil, replica.Change{Kind: k, Set: set})
	if err != nil {
		t.Fatalf("save %s: %v", k, err)
	}
	return s.IDs[0]
}

func machine(tag string) record.Fields {
	return record.Fields{"tag": tag, "level": "socle", "status": "en_service"}
}

func holds(t testing.TB, r *replica.Replica, id uuid.UUID) bool {
	t.Helper()
	_, ok, err := r.Book(t.Context()).Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func same(t testing.TB, a, b *replica.Replica, scopes ...string) {
	t.Helper()
	x, err1 := a.StateDigests(t.Context())
	y, err2 := b.StateDigests(t.Context())
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, s := range scopes {
		if x[s] != y[s] {
			t.Errorf("%s and %s differ in %s", a.Self().Name, b.Self().Name, s)
		}
	}
}

// machines records n machines, one action each.
func machines(t testing.TB, r *replica.Replica, n int) []uuid.UUID {
	t.Helper()
	var ids []uuid.UUID
	for i := range n {
		ids = append(ids, save(t, r, record.Equipment, machine(fmt.Sprintf("PC-%04d", i))))
	}
	return ids
}

func contextFor(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
