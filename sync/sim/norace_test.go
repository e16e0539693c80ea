//go:build !race

package sim

// usualLives is how many lives `go test` lives unless it is told otherwise.
const usualLives = 8
