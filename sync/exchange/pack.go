package exchange

import "cantal.fr/buron/sync/journal"

// Pack compresses pieces as a batch of an exchange is: for a transport that carries no requests.
func Pack(pieces []journal.Piece) ([]byte, error) { return pack(pieces) }

// Unpack reads what Pack wrote. It checks form and limits; what the pieces are worth is for Store.Admit to
// say.
func Unpack(b []byte) ([]journal.Piece, error) { return unpack(b) }

// Size returns about how many bytes a piece takes in a batch, before compression.
func Size(p journal.Piece) int { return sizeOf(p) }
