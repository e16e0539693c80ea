package journal

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBlobsComeBack(t *testing.T) {
	a := newScribe(t, "parc")
	op := a.op("equipment", Cell{Field: "tag", Value: "A-1"})
	op.Flags = Blobs | Once
	op.Blobs = []BlobRef{{Hash: Hash{1}, Key: [32]byte{2}, Size: 300, MIME: "image/jpeg"}, {Hash: Hash{3}, Key: [32]byte{4}, Size: MaxBlob, MIME: "application/pdf"}}
	p := parse(t, wire(t, pieceOf(a.sign(op))))
	if err := p.Verify(a.terr, a.public()); err != nil {
		t.Fatal(err)
	}
	got, err := p.Entries[0].Op(0)
	if err != nil || !cmp.Equal(got.Blobs, op.Blobs) {
		t.Errorf("%v, %v", got.Blobs, err)
	}
}

func TestBlobsThatAreNone(t *testing.T) {
	whole := BlobRef{Size: 1, MIME: "image/png"}
	for what, c := range map[string]struct {
		flags Flags
		blobs []BlobRef
		want  error
	}{
		"without the flag": {0, []BlobRef{whole}, ErrForm},
		"only the flag":    {Blobs, nil, ErrForm},
		"too many":         {Blobs, make([]BlobRef, MaxBlobs+1), ErrLimit},
		"empty":            {Blobs, []BlobRef{{MIME: "image/png"}}, ErrLimit},
		"too large":        {Blobs, []BlobRef{{Size: MaxBlob + 1, MIME: "image/png"}}, ErrLimit},
		"of no type":       {Blobs, []BlobRef{{Size: 1}}, ErrLimit},
	} {
		if _, err := encodeBody(Op{OpHead: OpHead{Flags: c.flags}, Blobs: c.blobs}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v when written", what, err)
		}
	}
	// What another program wrote is refused when it is read, too.
	raw, err := encodeBody(Op{OpHead: OpHead{Flags: Blobs}, Blobs: []BlobRef{whole}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeBody(raw, OpHead{}); !errors.Is(err, ErrForm) {
		t.Errorf("%v", err)
	}
	plain, err := encodeBody(Op{Cells: []Cell{{Field: "tag", Value: "A-1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeBody(plain, OpHead{Flags: Blobs}); !errors.Is(err, ErrForm) {
		t.Errorf("the flag alone: %v", err)
	}
	short, err := codec.enc.Marshal(wireBody{Blobs: []wireBlob{{Hash: []byte{1}, Key: make([]byte, 32), Size: 1, MIME: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeBody(short, OpHead{Flags: Blobs}); !errors.Is(err, ErrForm) {
		t.Errorf("%v", err)
	}
}
