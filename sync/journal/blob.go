package journal

import (
	"fmt"
	"slices"
)

// BlobRef names a blob: a photo or a document that travels beside the journal. Whoever loses the operation
// loses the key, and with it all that the blob says.
type BlobRef struct {
	Hash Hash     // of the ciphertext: its name
	Key  [32]byte // of the age STREAM, used for this blob only
	Size int64    // bytes of ciphertext, 1 to MaxBlob
	MIME string
}

type wireBlob struct {
	_    struct{} `cbor:",toarray"`
	Hash []byte
	Key  []byte
	Size int64
	MIME string
}

func wireBlobs(op Op) ([]wireBlob, error) {
	var out []wireBlob
	for _, b := range op.Blobs {
		if err := b.check(); err != nil {
			return nil, err
		}
		out = append(out, wireBlob{Hash: slices.Clone(b.Hash[:]), Key: slices.Clone(b.Key[:]), Size: b.Size, MIME: b.MIME})
	}
	return out, agree(len(out), op.Flags)
}

func blobsOf(list []wireBlob, flags Flags) ([]BlobRef, error) {
	if err := agree(len(list), flags); err != nil || len(list) == 0 {
		return nil, err
	}
	out := make([]BlobRef, len(list))
	for i, w := range list {
		out[i].Size, out[i].MIME = w.Size, w.MIME
		if !exact(out[i].Hash[:], w.Hash) || !exact(out[i].Key[:], w.Key) {
			return nil, fmt.Errorf("%w: blob %d", ErrForm, i)
		}
		if err := out[i].check(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// agree refuses a body that names blobs where its head says that it names none, and the reverse: the heads
// alone tell which bodies are to be read for them.
func agree(n int, flags Flags) error {
	if n > MaxBlobs {
		return fmt.Errorf("%w: %d blobs", ErrLimit, n)
	}
	if (n > 0) != (flags&Blobs != 0) {
		return fmt.Errorf("%w: %d blobs under flags %d", ErrForm, n, flags)
	}
	return nil
}

func (b BlobRef) check() error {
	if b.Size < 1 || b.Size > MaxBlob {
		return fmt.Errorf("%w: blob of %d bytes", ErrLimit, b.Size)
	}
	return checkText(b.MIME, MaxMIME)
}
