package node

import (
	"fmt"
	"strings"
	"testing"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

// A device that joins late, over TLS: its records are there before their history, and the status says so meanwhile.
func TestALateDeviceBeginsWithASnapshotOverTLS(t *testing.T) {
	f := newField(t)
	writer, late := f.join("auteur", record.Agent), f.join("en retard", record.Agent)
	var list []replica.Change
	for i := range 2500 {
		list = append(list, replica.Change{Kind: record.Equipment, Set: record.Fields{"tag": fmt.Sprintf("PC-%04d", i), "level": "socle"}})
	}
	if _, err := writer.SaveBulk(t.Context(), uuid.Nil, list, nil); err != nil {
		t.Fatal(err)
	}
	once := func(r *replica.Replica) Outcome {
		t.Helper()
		out, err := New(r, Options{Listen: "off"}).Once(t.Context())
		if err != nil || len(out) != 1 || out[0].Err != nil {
			t.Fatalf("%+v, %v", out, err)
		}
		return out[0]
	}
	once(writer)
	n := New(late, Options{Listen: "off"})
	var shown int
	var said string
	defer late.Subscribe(func(replica.Notice) {
		s, err := n.Status(t.Context())
		if err == nil && len(s.Unverified) == 1 && shown == 0 {
			shown, said = s.Records, s.Unverified[0].Sentence()
		}
	})()
	if out := once(late); out.Snapshots != 1 || out.Received == 0 {
		t.Errorf("%d snapshots, %d entries of history", out.Snapshots, out.Received)
	}
	if shown != 2500 || !strings.Contains(said, "à vérifier") || !strings.Contains(said, "parc") {
		t.Errorf("%d records were shown before their history: %q", shown, said)
	}
	s, err := n.Status(t.Context())
	if err != nil || len(s.Unverified) > 0 || len(s.Refusals) > 0 || s.Records != 2500 {
		t.Errorf("%+v, %v", s, err)
	}
	mine, err1 := late.StateDigests(t.Context())
	theirs, err2 := f.central.StateDigests(t.Context())
	if err1 != nil || err2 != nil || mine["parc"] != theirs["parc"] {
		t.Errorf("%x and %x, %v, %v", mine["parc"], theirs["parc"], err1, err2)
	}
	if out := once(late); out.Moved() || out.RoundTrips != 1 {
		t.Errorf("the next exchange moves something: %+v", out)
	}
}
