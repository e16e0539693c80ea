package replica

import (
	"flag"
	"os"
	"testing"
)

// TestMain keeps the property test short; BURON_ORDERS asks for more histories.
func TestMain(m *testing.M) {
	flag.Parse()
	orders := os.Getenv("BURON_ORDERS")
	if orders == "" {
		orders = usualOrders
	}
	if err := flag.Set("rapid.checks", orders); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
