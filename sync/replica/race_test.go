//go:build race

package replica

// The race detector makes a test five times as long: what is tried in many orders is tried in fewer.
const (
	usualOrders = "4"
	orderSeeds  = 1

	severalMessages = 2000 // records of a snapshot that takes as many
)
