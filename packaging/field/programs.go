package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// programs are the real programs, and the lines between them.
type programs struct {
	bin, dir string
	service  *exec.Cmd
	url      string // of the central, behind a line
	line     *relay // to the central
	listener net.Listener
	valley   int64 // bytes between neighbours
	sticks   int64 // bytes on sticks
	made     int   // sticks
}

func (p *programs) central() string { return filepath.Join(p.dir, "central") }

// command is one of the programs on a data folder. Keys stay in the folders.
func (p *programs) command(ctx context.Context, name, data string, words ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(p.bin, name), append([]string{"--data", data}, words...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "DBUS_SESSION_BUS_ADDRESS=") && !strings.HasPrefix(v, "BURON_") {
			c.Env = append(c.Env, v)
		}
	}
	return c
}

// say runs a program to its end and returns both its outputs.
func (p *programs) say(ctx context.Context, name, data string, words ...string) (out, told string, err error) {
	var o, e bytes.Buffer
	c := p.command(ctx, name, data, words...)
	c.Stdout, c.Stderr = &o, &e
	if err := c.Run(); err != nil {
		return o.String(), e.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(words, " "), err, e.String())
	}
	return o.String(), e.String(), nil
}

// start makes the territory and runs its central.
func (p *programs) start(ctx context.Context, bin, dir string) error {
	p.bin, p.dir = bin, dir
	if _, _, err := p.say(ctx, "buron-central", p.central(), "init", "--territory", "Cantal"); err != nil {
		return err
	}
	p.service = p.command(context.WithoutCancel(ctx), "buron-central", p.central(), "serve", "--quiet", "--listen", "127.0.0.1:0")
	addr, err := listening(p.service)
	if err != nil {
		return err
	}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	p.line = newRelay(addr, 0, 0)
	go p.line.serve(p.listener)
	p.url = "https://" + p.listener.Addr().String()
	return nil
}

var address = regexp.MustCompile(`écoute sur (\S+:\d+)`)

// listening starts a program and returns the address that it says to listen on.
func listening(c *exec.Cmd) (string, error) {
	told, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return "", err
	}
	in := bufio.NewScanner(told)
	for in.Scan() {
		if m := address.FindStringSubmatch(in.Text()); m != nil {
			go func() { // so that it is never held up
				for in.Scan() {
				}
			}()
			_, port, err := net.SplitHostPort(m[1])
			return net.JoinHostPort("127.0.0.1", port), err
		}
	}
	return "", fmt.Errorf("%s ended without listening: %w", c.Path, c.Wait())
}

// stop ends a program and waits for it.
func stop(c *exec.Cmd) error {
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return c.Wait()
}

// end ends the central; a second time does nothing.
func (p *programs) end() error {
	if p.service == nil {
		return nil
	}
	c := p.service
	p.service = nil
	if p.listener != nil {
		_ = p.listener.Close()
	}
	return stop(c)
}

func (p *programs) join(ctx context.Context, d *device) error {
	words := []string{"invite", "--role", string(d.role)}
	for _, at := range d.places {
		words = append(words, "--place", at.key)
	}
	code, _, err := p.say(ctx, "buron-central", p.central(), words...)
	if err != nil {
		return err
	}
	_, _, err = p.say(ctx, "buron", d.dir, "join", "--device", d.name, "--central", p.url, strings.TrimSpace(code))
	return err
}

var exchanged = regexp.MustCompile(`: saisies reçues (\d+), envoyées (\d+)`)

// sync lets a device exchange with the central and returns how many entries moved.
func (p *programs) sync(ctx context.Context, d *device) (int, error) {
	_, told, err := p.say(ctx, "buron", d.dir, "sync", "--once", "--alone", "--listen", "off")
	if err != nil {
		return 0, err
	}
	m := exchanged.FindStringSubmatch(told)
	if m == nil || strings.Count(strings.TrimSpace(told), "\n") > 0 {
		return 0, fmt.Errorf("it says:\n%s", told) // a refusal, which nobody has earned
	}
	in, _ := strconv.Atoi(m[1])
	out, _ := strconv.Atoi(m[2])
	return in + out, nil
}

// meet lets a device call its neighbour, with no route to the central.
func (p *programs) meet(ctx context.Context, a, b *device) error {
	host := p.command(ctx, "buron", a.dir, "sync", "--alone", "--central", "off", "--listen", "127.0.0.1:0")
	addr, err := listening(host)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	line := newRelay(addr, 0, 0)
	go line.serve(l)
	_, told, err := p.say(ctx, "buron", b.dir, "sync", "--once", "--alone", "--listen", "off", "--central", "off", "--peer", l.Addr().String())
	if err == nil && !exchanged.MatchString(told) {
		err = fmt.Errorf("it says:\n%s", told)
	}
	_ = l.Close()
	p.valley += line.ways[0].bytes.Load() + line.ways[1].bytes.Load()
	if e := stop(host); err == nil {
		err = e
	}
	return err
}

// stick lets a device prepare a stick, which another and then the central read.
func (p *programs) stick(ctx context.Context, day int, from, to *device) error {
	p.made++
	dir := filepath.Join(p.dir, fmt.Sprintf("stick-%d-%d", day, p.made))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if _, _, err := p.say(ctx, "buron", from.dir, "bundle", "write", dir); err != nil {
		return err
	}
	n, err := weigh(dir)
	if err != nil {
		return err
	}
	p.sticks += n
	if _, _, err := p.say(ctx, "buron", to.dir, "bundle", "read", dir); err != nil {
		return err
	}
	_, _, err = p.say(ctx, "buron-central", p.central(), "bundle", "read", dir)
	return err
}

// weigh returns the bytes of the files of a folder.
func weigh(dir string) (n int64, err error) {
	err = filepath.Walk(dir, func(_ string, i os.FileInfo, err error) error {
		if err == nil && i.Mode().IsRegular() {
			n += i.Size()
		}
		return err
	})
	return n, err
}

// seconds is a duration as it is printed.
func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }
