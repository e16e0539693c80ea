// Command bench measures what the design promises, each figure beside what it must and what it should be. It
// never fails on a figure. Times are given as multiples of R, the time that the plain database takes for the same
// records on the same machine, measured just before: a busy machine then tells little less than an idle one.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	sizes := flag.String("n", "10000,50000", "numbers of records, separated by commas")
	out := flag.String("json", "", "file for the same figures as lines of JSON")
	flag.Parse()
	ctx := context.Background()
	var err error
	switch flag.Arg(0) {
	case childServe:
		err = serveChild(ctx, flag.Arg(1))
	case childDevice:
		err = deviceChild(ctx, flag.Arg(1), flag.Arg(2), flag.Arg(3))
	case "":
		err = run(ctx, *sizes, *out)
	default:
		err = fmt.Errorf("unknown word %q", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes, out string) error {
	var all []figure
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("-n: %w", err)
		}
		m := &measures{n: n}
		if err := m.all(ctx); err != nil {
			return fmt.Errorf("%d records: %w", n, err)
		}
		m.print()
		all = append(all, m.figures...)
	}
	if out == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	for _, x := range all {
		if err := enc.Encode(x); err != nil {
			return err
		}
	}
	return f.Close()
}
