package bundle

// Limits of a bundle; the first is FAT32's.
const (
	MaxFile     = 4<<30 - 32<<10 // bytes of a file: 4 GiB less the largest block of a FAT32 stick
	maxSegments = 4096           // parts of a file
	maxFrame    = 8 << 20        // bytes of a frame
	maxHeads    = 1 << 15        // ends of chains in a receipt
	maxLacks    = 1 << 17        // blobs that a maker says that it lacks, of a scope: 4 MiB of hashes
	maxClaims   = 1 << 18        // ends of chains, and blobs that are lacking, that a maker says in a file
	smallBlob   = 64 << 10       // bytes up to which blobs go before all larger ones
	gathered    = 1 << 20        // bytes of blobs handed to the store at once
	// reserve is kept free at the end of a file for the manifest, the index and what encryption adds.
	reserve = 256 << 10
)
