package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/lan"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
)

// InvitationFile is how the name of a file that holds an invitation ends.
const InvitationFile = ".buron-invitation"

// ErrDelegate is returned where a device that may not admit others is asked to invite.
var ErrDelegate = errors.New("cet appareil ne peut pas en admettre d'autres\u00a0: faites l'invitation au central, ou sur le poste qui a créé le territoire")

// Mistyped is the error of a word that no data could make right, to be told apart from one of an unknown place.
type Mistyped string

func (m Mistyped) Error() string { return string(m) }

// Forward refuses a time that goes backwards, which an option of a command line gives. The error is Mistyped.
func Forward(option string, d time.Duration) error {
	if d < 0 {
		return Mistyped(option + " attend une durée positive, comme 90s, 5m ou 24h")
	}
	return nil
}

// ParseGrant reads what somebody typed of a device's role and places.
func ParseGrant(b record.Book, role string, places []string) (record.Role, []string, error) {
	r, err := parseRole(role)
	if err != nil {
		return r, nil, err
	}
	var keys []string
	for _, p := range places {
		key, err := placeKey(b, p)
		if err != nil {
			return r, nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 && r == record.Facilitator {
		keys = []string{"bus"}
	}
	if len(keys) == 0 && (r == record.Kiosk || r == record.Host) {
		return r, nil, Mistyped("le rôle " + role + " travaille en un lieu\u00a0: ajoutez --place")
	}
	return r, keys, nil
}

func parseRole(text string) (record.Role, error) {
	var known []string
	for _, r := range record.Roles() {
		if strings.EqualFold(text, string(r)) || strings.EqualFold(text, r.Label()) {
			return r, nil
		}
		if r == record.Central {
			continue // invited where another is lost, by who knows what for
		}
		known = append(known, string(r))
	}
	return "", Mistyped(fmt.Sprintf("rôle inconnu\u00a0: %s (rôles\u00a0: %s)", text, strings.Join(known, ", ")))
}

// placeKey turns what was typed into the name that scopes are made of. A collège need not be recorded yet: its
// UAI is its name.
func placeKey(b record.Book, text string) (string, error) {
	if strings.EqualFold(text, "bus") {
		return "bus", nil
	}
	if upper := strings.ToUpper(text); record.ValidUAI(upper) {
		return upper, nil
	}
	return PlaceKey(b, text)
}

// Invite keeps an invitation for one device, which this device alone can answer. Only a delegate may.
func Invite(ctx context.Context, r *replica.Replica, role record.Role, places []string, valid time.Duration) (replica.Invite, error) {
	if !r.Roster().MayAdmit(r.Identity().Public()) {
		return replica.Invite{}, ErrDelegate
	}
	code, err := trust.NewCode(rand.Reader)
	if err != nil {
		return replica.Invite{}, err
	}
	i := replica.Invite{Code: code, Role: role, Places: places, Expires: r.Now().Add(valid)}
	return i, r.AddInvitation(ctx, i)
}

// Address returns host:port at which neighbours will find this device once it exchanges: the port is chosen now
// and kept, if it never was.
func Address(ctx context.Context, r *replica.Replica) (string, error) {
	port, err := r.Setting(ctx, settingPort)
	if err != nil {
		return "", err
	}
	if port == "" {
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			return "", fmt.Errorf("node: choose a port: %w", err)
		}
		port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		if err := errors.Join(l.Close(), r.SetSetting(ctx, settingPort, port)); err != nil {
			return "", err
		}
	}
	host := "127.0.0.1"
	if all := lan.Addresses(); len(all) > 0 {
		host = all[0]
	}
	return net.JoinHostPort(host, port), nil
}

// invitationFile is the content of a file that holds an invitation.
type invitationFile struct {
	Format     string    `json:"format"`
	Territory  string    `json:"territory"` // name, for who finds the file
	Invitation string    `json:"invitation"`
	Expires    time.Time `json:"expires"`
}

const invitationFormat = "buron invitation v1"

// WriteInvitation writes an invitation to a new file, for its owner alone.
func WriteInvitation(path, territory string, i trust.Invitation, expires time.Time) error {
	return createDurably(path, func(w io.Writer) error { return EncodeInvitation(w, territory, i, expires) })
}

// EncodeInvitation writes the content of a file that holds an invitation.
func EncodeInvitation(w io.Writer, territory string, i trust.Invitation, expires time.Time) error {
	b, err := json.MarshalIndent(invitationFile{invitationFormat, territory, i.String(), expires.UTC().Truncate(time.Second)}, "", "  ")
	if err == nil {
		_, err = w.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("node: write the invitation: %w", err)
	}
	return nil
}

// maxInvitationFile is the most bytes that are read of a file that should hold an invitation.
const maxInvitationFile = 4096

// readInvitation reads an invitation that was typed, or the file that a text names.
func readInvitation(text string) (trust.Invitation, error) {
	if !strings.HasSuffix(text, InvitationFile) {
		i, err := trust.ParseInvitation(text)
		if err != nil {
			return i, errors.New("cette invitation est mal écrite\u00a0: quatre groupes de quatre lettres ou chiffres sont attendus, comme ABCD-EFGH-JKMN-PQRS")
		}
		return i, nil
	}
	unreadable := fmt.Errorf("%s n'est pas un fichier d'invitation", text)
	// One that is no file, as a pipe, may keep us waiting, or never end.
	if st, err := os.Stat(text); err != nil || !st.Mode().IsRegular() || st.Size() > maxInvitationFile {
		return trust.Invitation{}, errors.Join(unreadable, err)
	}
	b, err := os.ReadFile(text)
	if err != nil {
		return trust.Invitation{}, errors.Join(unreadable, err)
	}
	var f invitationFile
	if json.Unmarshal(b, &f) != nil || f.Format != invitationFormat {
		return trust.Invitation{}, unreadable
	}
	i, err := trust.ParseInvitation(f.Invitation)
	if err != nil {
		return i, unreadable
	}
	return i, nil
}

// serveJoin admits a device that brings an invitation of this one.
func (n *Node) serveJoin(ctx context.Context, p lan.Peer, b []byte) ([]byte, error) {
	answer, err := exchange.AnswerJoin(ctx, n.r, admitter{n.r}, p.Key, p.Exporter, b)
	if errors.Is(err, exchange.ErrNoInvitation) {
		return exchange.NoJoin(), err
	}
	if err == nil {
		n.log.Info("device joined", "peer", p.Key.Tag())
	}
	return answer, err
}

// askNeighbour joins through the neighbour at host:port.
func askNeighbour(ctx context.Context, address string, id *trust.Identity, code, name string) (exchange.Joined, trust.Key, error) {
	c, err := lan.Dial(ctx, address, id, nil)
	if err != nil {
		return exchange.Joined{}, trust.Key{}, err
	}
	defer c.Close()
	peer := c.Peer()
	request, err := exchange.AskJoin(id, code, name, peer.Exporter)
	if err != nil {
		return exchange.Joined{}, peer.Key, err
	}
	answer, err := c.Do(ctx, lan.Join, request)
	if err != nil {
		return exchange.Joined{}, peer.Key, err
	}
	joined, err := exchange.ReadJoin(code, peer.Exporter, answer)
	return joined, peer.Key, err
}
