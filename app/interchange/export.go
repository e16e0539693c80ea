package interchange

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// exported is the JSON form of a record.
type exported struct {
	ID     uuid.UUID     `json:"id"`
	Kind   record.Kind   `json:"kind"`
	Scope  string        `json:"scope"`
	Fields record.Fields `json:"fields"`
}

// WriteJSON writes records as a JSON array.
func WriteJSON(w io.Writer, found []record.Record) error {
	out := make([]exported, len(found))
	for i, r := range found {
		out[i] = exported{r.ID, r.Kind, r.Scope, r.Fields}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("interchange: write JSON: %w", err)
	}
	return nil
}

// WriteCSV writes records as the spreadsheets of France read them: UTF-8 with its mark, semicolons, CRLF,
// labels and dates in French. A cell that a spreadsheet would run as a formula is preceded by a quote.
func WriteCSV(w io.Writer, s record.Schema, found []record.Record, b record.Book) error {
	buf := bufio.NewWriter(w)
	if _, err := buf.WriteString("\uFEFF"); err != nil {
		return fmt.Errorf("interchange: write CSV: %w", err)
	}
	out := csv.NewWriter(buf)
	out.Comma, out.UseCRLF = ';', true
	header := []string{"Identifiant"}
	for _, f := range s.Fields {
		header = append(header, f.Label)
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("interchange: write CSV: %w", err)
	}
	titles := map[uuid.UUID]string{}
	for _, r := range found {
		row := []string{r.ID.String()}
		for _, f := range s.Fields {
			cell := cellOf(f, r.Fields, b, titles)
			if _, number := r.Fields[f.Name].(int64); !number {
				cell = escapeFormula(cell) // a figure below nought is no formula
			}
			row = append(row, cell)
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("interchange: write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("interchange: write CSV: %w", err)
	}
	return buf.Flush()
}

// cellOf formats one field, what it refers to by its title.
func cellOf(f record.Field, fields record.Fields, b record.Book, titles map[uuid.UUID]string) string {
	var ids []uuid.UUID
	switch f.Type {
	case record.Ref:
		if id := fields.ID(f.Name); id != uuid.Nil {
			ids = []uuid.UUID{id}
		}
	case record.Refs:
		ids = fields.IDs(f.Name)
	case record.Number, record.Cents, record.Instant:
		return figure(f, fields)
	default:
		return f.Format(fields[f.Name])
	}
	var names []string
	for _, id := range ids {
		t, ok := titles[id]
		if !ok {
			t = id.String()
			if r, held, err := b.Get(id); err == nil && held {
				t = record.Title(r, b)
			}
			titles[id] = t
		}
		names = append(names, t)
	}
	return strings.Join(names, ", ")
}

// figure writes a number so that a spreadsheet counts with it: no unit, no spaces, a decimal comma.
func figure(f record.Field, fields record.Fields) string {
	n, ok := fields[f.Name].(int64)
	switch {
	case !ok:
		return f.Format(fields[f.Name])
	case f.Type == record.Cents:
		sign := ""
		if n < 0 {
			sign, n = "-", -n
		}
		return fmt.Sprintf("%s%d,%02d", sign, n/100, n%100)
	case f.Type == record.Instant:
		return time.UnixMilli(n).In(record.Paris()).Format("02/01/2006 15:04")
	}
	return strconv.FormatInt(n, 10)
}

func escapeFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
