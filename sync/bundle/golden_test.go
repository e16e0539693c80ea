package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
	"filippo.io/age"
)

var update = flag.Bool("update", false, "write the golden bundle again: only for a new version of the format")

const goldenFile = "testdata/golden.buron"

// golden is what is known of the golden bundle. Encryption draws keys of its own, so that a writing cannot be
// compared byte by byte: what is pinned is that these bytes are read, and as what.
type golden struct {
	Territory string `json:"territory"`
	Sum       string `json:"sum"`
	Maker     string `json:"maker"`
	Made      int64  `json:"made"`
	Set       string `json:"set"`
	Manifest  string `json:"manifest"` // decrypted: signature and manifest
	Segments  int    `json:"segments"`
	Entries   int    `json:"entries"`
}

func TestGoldenVector(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	g := readGolden(t)
	raw, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	l, err := parseLayout(bytes.NewReader(raw), int64(len(raw)))
	if err != nil || hex.EncodeToString(l.sum[:]) != g.Sum || len(l.segments) != g.Segments {
		t.Fatalf("layout %+v, %v", l, err)
	}
	id, err := trust.LoadIdentity("testdata/reader")
	if err != nil {
		t.Fatal(err)
	}
	_, sealed, _ := cover(t, raw, l, id)
	if hex.EncodeToString(sealed) != g.Manifest {
		t.Errorf("manifest %x", sealed)
	}
	m, maker, err := openManifest(territory(t, g), sealed)
	if err != nil || maker.String() != g.Maker || m.Made != g.Made || hex.EncodeToString(m.Set) != g.Set || m.Part != 1 || !m.Last {
		t.Errorf("manifest %+v, %v", m, err)
	}
	again, err := codec.enc.Marshal(m)
	if err != nil || !bytes.Equal(again, sealed[64:]) {
		t.Errorf("encoded again: %x, %v", again, err)
	}
	// A device that was founded with nothing learns from the file alone who it is and who made it.
	r, err := replica.Create(t.Context(), t.TempDir(), id, territory(t, g), nil, replica.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rep := read(t, r, goldenFile)
	if rep.Admitted != g.Entries || rep.MakerName != "auteur" || rep.Opened != 1 || len(rep.Refused) != 0 {
		t.Errorf("read %+v", rep)
	}
	intact(t, r)
}

func readGolden(t testing.TB) (g golden) {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err == nil {
		err = json.Unmarshal(b, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func territory(t testing.TB, g golden) journal.Territory {
	t.Helper()
	b, err := hex.DecodeString(g.Territory)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Territory(b)
}

// cover decrypts the last segment and returns all of it, and the content of its first frame.
func cover(t testing.TB, raw []byte, l layout, id *trust.Identity) (plain, manifest, rest []byte) {
	t.Helper()
	s := l.segments[len(l.segments)-1]
	r, err := age.Decrypt(bytes.NewReader(raw[s.from:s.from+s.length]), id.Age)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	in := bytes.NewReader(plain)
	kind, manifest, err := readFrame(in)
	if err != nil || kind != frameManifest {
		t.Fatalf("first frame of kind %d, %v", kind, err)
	}
	return plain, manifest, plain[len(plain)-in.Len():]
}

func writeGolden(t *testing.T) {
	f := newField(t)
	author, reader := newIdentity(t, "auteur"), newIdentity(t, "lecteur")
	f.admit(author, "auteur", record.Agent)
	f.admit(reader, "lecteur", record.Agent)
	a := f.create(author)
	machines(t, a, 3)
	made := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	w := write(t, a, filepath.Join(t.TempDir(), "x.buron"), WriteOptions{Now: func() time.Time { return made }})
	raw, err := os.ReadFile(w.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	l, err := parseLayout(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	_, sealed, _ := cover(t, raw, l, reader)
	m, maker, err := openManifest(a.Territory(), sealed)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(golden{a.Territory().String(), hex.EncodeToString(l.sum[:]), maker.String(), m.Made, hex.EncodeToString(m.Set),
		hex.EncodeToString(sealed), len(l.segments), w.Entries}, "", "  ")
	if err == nil {
		err = errors.Join(os.RemoveAll("testdata/reader"), os.MkdirAll("testdata/reader", 0o755))
	}
	if err == nil {
		err = errors.Join(reader.Save("testdata/reader"), os.WriteFile(goldenFile, raw, 0o644), os.WriteFile("testdata/golden.json", append(b, '\n'), 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzLayout reads any bytes as a file: what it accepts lies inside it, and its sum is right.
func FuzzLayout(f *testing.F) {
	raw, err := os.ReadFile(goldenFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Add([]byte(magic))
	f.Add(append([]byte(magic+"abcd"), append(index([]span{{0, 0}}), append(make([]byte, sumLen), endMagic...)...)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseLayout(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if Sentence(err) == "" {
				t.Errorf("nothing to say of %v", err)
			}
			return
		}
		at := int64(headerLen)
		for _, s := range l.segments {
			if s.from != at || s.length < 0 || s.from+s.length > int64(len(b)) {
				t.Fatalf("segment %+v of %d bytes", s, len(b))
			}
			at += s.length
		}
		sums, err := l.hashes(t.Context(), bytes.NewReader(b), int64(len(b)), func(int64, int64) {})
		if right := sha256.Sum256(b[:len(b)-sumLen-len(endMagic)]) == l.sum; right != (err == nil) || (right && len(sums) != len(l.segments)) {
			t.Errorf("the sum is right: %t, %v", right, err)
		}
	})
}

// FuzzSegment reads any bytes as a decrypted segment, as a device of the territory could have written it.
func FuzzSegment(f *testing.F) {
	g := readGolden(f)
	raw, err := os.ReadFile(goldenFile)
	if err != nil {
		f.Fatal(err)
	}
	l, err := parseLayout(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		f.Fatal(err)
	}
	id, err := trust.LoadIdentity("testdata/reader")
	if err != nil {
		f.Fatal(err)
	}
	plain, _, rest := cover(f, raw, l, id)
	f.Add(plain)
	f.Add(rest)
	var heads receipt
	heads.add("parc", []exchange.Head{{Seq: 7}})
	content, _ := heads.encode()
	var b bytes.Buffer
	_ = writeFrame(&b, frameReceipt, content)
	f.Add(b.Bytes())
	lacks, _ := codec.enc.Marshal(wireLacks{Scope: "parc", Hashes: make([]byte, 64)})
	b.Reset()
	_ = writeFrame(&b, frameLacks, lacks)
	_ = writeFrame(&b, frameBlob, part{exchange.Chunk{Offset: 256 << 10, Bytes: []byte("bytes")}, 300 << 10, true}.encode())
	f.Add(b.Bytes())
	t := territory(f, g)
	f.Fuzz(func(ft *testing.T, b []byte) {
		for r := bytes.NewReader(b); ; {
			kind, content, err := readFrame(r)
			if err != nil {
				return
			}
			switch kind {
			case frameManifest:
				_, _, _ = openManifest(t, content)
			case frameReceipt:
				_, _ = parseReceipt(content)
			case framePieces:
				_, _ = exchange.Unpack(content)
			case frameLacks:
				_, _, _ = parseLacks(content)
			case frameBlob:
				if p, err := parsePart(content); err == nil && !bytes.Equal(p.encode(), content) {
					ft.Errorf("a part of a blob in two forms: %x", content)
				}
			}
		}
	})
}
