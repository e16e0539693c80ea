package screen

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"

	"cantal.fr/buron/kiosk/flow"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"

	"github.com/google/uuid"
)

var errNoCharter = errors.New("screen: no charter is in force here")

// act is what a person says, as it is saved: gathered once, so that trying again says the same.
type act struct {
	submission string
	set        record.Fields
	member     uuid.UUID // uuid.Nil for who is on no list
}

// submit saves the act of the person, then says so to the conversation.
func (k *Kiosk) submit(id string) {
	if k.act.submission != id {
		set, member, err := k.gather()
		if err != nil {
			k.send(flow.SaveFailed, id, "")
			return
		}
		k.act = act{id, set, member}
	}
	a := k.act
	k.live.Go(func() {
		_, err := k.r.Save(k.ctx, uuid.Nil, replica.Change{Kind: record.Acknowledgement, Set: a.set})
		if err == nil {
			k.tally(k.ctx, a.set)
		}
		k.live.UI(func() { k.saved(a, err) })
	})
}

// saved thanks, once the disk has the act; the host is told behind, since it may be out of reach.
func (k *Kiosk) saved(a act, err error) {
	if err != nil {
		var problems record.Problems
		if a.submission == k.state.Person.Submission {
			k.told = ""
			if errors.As(err, &problems) {
				k.told = problems[0].Sentence()
			}
		}
		k.send(flow.SaveFailed, a.submission, "")
		return
	}
	if a.member != uuid.Nil {
		k.n.Terminal().Signed(a.member)
		k.live.Go(func() { k.n.MemberDone(k.ctx, a.member) })
	}
	receipt, _ := a.set["receipt"].(string)
	k.send(flow.Saved, a.submission, receipt)
}

// gather collects the fields of what the person says.
func (k *Kiosk) gather() (record.Fields, uuid.UUID, error) {
	p := k.state.Person
	receipt, err := newReceipt()
	if err != nil {
		return nil, uuid.Nil, err
	}
	set := record.Fields{"act": "signature", "at": k.r.Now().UnixMilli(), "read_to_end": p.ReadEnd, "receipt": receipt}
	if p.Refusing {
		set["act"] = "refus"
	} else if err := k.signature(set); err != nil {
		return nil, uuid.Nil, err
	}
	if p.Member == "" {
		return set, uuid.Nil, k.visitor(set)
	}
	session, ok := k.session()
	if !ok {
		return nil, uuid.Nil, errNoCharter
	}
	c := session.Charter
	set["site"], set["charter"], set["charter_version"] = session.Site.String(), c.ID.String(), c.Version
	set["population"], set["member"], set["identified_by"] = "eleve", p.Member, "liste de classe, nom confirmé"
	set["text_hash"] = c.SimpleHash
	if p.Full || c.Simple == "" {
		set["text_hash"] = c.TextHash
	}
	return set, parse(p.Member), nil
}

func (k *Kiosk) signature(set record.Fields) error {
	if k.state.Person.Typed {
		set["typed_name"] = strings.TrimSpace(k.state.Person.Written)
		return nil
	}
	png, err := k.pad.PNG()
	set["signature"] = png
	return err
}

// visitor completes the act of somebody who is on no list.
func (k *Kiosk) visitor(set record.Fields) error {
	site, ok := k.place()
	charter, known := k.read()
	if !ok || !known {
		return errNoCharter
	}
	p := k.state.Person
	set["site"], set["charter"], set["charter_version"] = site.ID.String(), charter.ID.String(), charter.Fields["version"]
	set["population"], set["person_name"], set["identified_by"] = p.Population, p.Name, "nom déclaré"
	if p.Age == flow.WithGuardian {
		set["identified_by"] = "nom déclaré, responsable légal présent"
	}
	set["text_hash"] = charter.Fields["simple_hash"]
	if p.Full || !charter.Fields.Has("simple_hash") {
		set["text_hash"] = charter.Fields["text_hash"]
	}
	return nil
}

// inForce returns the version in force.
func (k *Kiosk) inForce() (record.Record, bool) {
	found, err := k.r.List(k.ctx, replica.Query{Kind: record.Charter, Where: []replica.Cond{{Field: "status", Value: "en_vigueur"}}, Order: []string{"-version"}})
	if err != nil || len(found) == 0 {
		return record.Record{}, false
	}
	return found[0], true
}

// read returns the version that the visitor began to read, whatever was put in force since: they sign those words.
func (k *Kiosk) read() (record.Record, bool) {
	if k.charter.ID != uuid.Nil {
		return k.charter, true
	}
	return k.inForce()
}

// newReceipt draws a number that people can read out: « 7K4-P2 ».
func newReceipt() (string, error) {
	code, err := trust.NewCode(rand.Reader)
	if err != nil {
		return "", err
	}
	c := strings.ReplaceAll(code, "-", "")
	return c[:3] + "-" + c[3:5], nil
}

// Settings of the terminal.
const settingPin = "kiosk.pin"

// rounds is the cost of trying one code.
const rounds = 200_000

// setPin keeps the host's code, salted and slow to guess.
func (k *Kiosk) setPin(code string) error {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return err
	}
	sum, err := pbkdf2.Key(sha256.New, code, salt, rounds, 32)
	if err != nil {
		return err
	}
	return k.r.SetSetting(k.ctx, settingPin, hex.EncodeToString(salt)+":"+hex.EncodeToString(sum))
}

// minPin is the fewest digits of the host's code.
const minPin = 4

// checkPin compares a code with the host's; the first one ever typed becomes it.
func (k *Kiosk) checkPin(code string) {
	stored, err := k.r.Setting(k.ctx, settingPin)
	if err != nil {
		k.send(flow.PinBad, "", "")
		return
	}
	if stored == "" {
		if len(code) < minPin || k.setPin(code) != nil {
			k.send(flow.PinBad, "", "")
			k.say("Il faut quatre chiffres au moins.")
			return
		}
		k.send(flow.PinOK, "", "")
		return
	}
	salt, want, _ := strings.Cut(stored, ":")
	saltBytes, err1 := hex.DecodeString(salt)
	wantBytes, err2 := hex.DecodeString(want)
	sum, err3 := pbkdf2.Key(sha256.New, code, saltBytes, rounds, 32)
	if errors.Join(err1, err2, err3) == nil && subtle.ConstantTimeCompare(sum, wantBytes) == 1 {
		k.send(flow.PinOK, "", "")
		return
	}
	k.send(flow.PinBad, "", "")
	k.say("Ce n’est pas le code.")
}
