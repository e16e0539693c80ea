package exchange

// Limits of an exchange; they bind no signed data.
const (
	MaxFrame      = 8 << 20 // bytes of a message, unpacked
	BatchEntries  = 500
	BatchBytes    = 1 << 20            // bytes of entries in a batch: what takes the memory at both ends; one run between two signatures may exceed it
	MaxPieceBytes = MaxFrame - 256<<10 // bytes of a piece, and of all pieces of a message
	maxPieces     = 1000               // pieces of a message: a batch has one an entry at most
	maxWants      = 400                // chains asked for in one request
	maxScopes     = 2000               // scopes compared in one request
	maxHave       = 1000               // hashes that say what is held of a chain
	BlobBytes     = 256 << 10          // bytes of blobs in a message: on a bad line one comes through between two cuts
	firstBatch    = BlobBytes          // bytes of entries in the first batch of an exchange, for the same reason; each that arrives doubles it
	maxBlobs      = 200                // blobs listed as lacking at once
	maxPages      = 1000               // such lists asked for in one exchange: one that never ends would keep it for ever
	maxBlobsAsked = 64                 // blobs asked for, or brought, in one message
	maxHashes     = 20_000             // such hashes in one request, beyond which it asks for no other chain
)
