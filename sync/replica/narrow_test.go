package replica

import (
	"fmt"
	"slices"
	"testing"

	"cantal.fr/buron/sync/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestAWordOfNearlyEveryRecord narrows a list by a word that more records have than are told one by one.
func TestAWordOfNearlyEveryRecord(t *testing.T) {
	r := newField(t).admit("a", record.Agent, 0)
	var changes []Change
	var want []string
	stock := 0
	for i := range fewMatches + 200 {
		tag := fmt.Sprintf("PC-%04d", (i*37)%(fewMatches+200))
		set := record.Fields{"tag": tag, "level": "socle", "status": "en_service", "note": "commune"}
		if i%10 == 0 {
			set["status"] = "en_stock"
		}
		if i%7 == 0 {
			set["note"] = "autre"
		} else {
			want = append(want, tag)
			stock += map[bool]int{true: 1}[i%10 == 0]
		}
		changes = append(changes, Change{Kind: record.Equipment, Set: set})
	}
	if _, err := r.SaveBulk(t.Context(), uuid.Nil, changes, nil); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	q := Query{Kind: record.Equipment, Text: "commun", Order: []string{"tag"}}
	tags := func(q Query) (out []string) {
		numbers, err := r.Index(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := r.Rows(t.Context(), numbers)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range rows {
			out = append(out, rec.Fields.Text("tag"))
		}
		return out
	}
	if d := cmp.Diff(want, tags(q)); d != "" {
		t.Error(d)
	}
	part := q
	part.Limit, part.Offset = 5, 3
	if d := cmp.Diff(want[3:8], tags(part)); d != "" {
		t.Error(d)
	}
	if n, err := r.Count(t.Context(), q); err != nil || n != len(want) {
		t.Error(n, len(want), err)
	}
	for field, counts := range map[string]map[string]int{
		"status": {"en_stock": stock, "en_service": len(want) - stock}, "site": {"": len(want)}, "note": {"commune": len(want)},
	} {
		got, err := r.Tally(t.Context(), q, field)
		if d := cmp.Diff(counts, got); d != "" || err != nil {
			t.Error(field, d, err)
		}
	}
	q.Where = []Cond{{Field: "status", Value: "en_stock"}}
	if n, err := r.Count(t.Context(), q); err != nil || n != stock {
		t.Error(n, stock, err)
	}
	q.Text, q.Where = "", nil
	got, err := r.Tally(t.Context(), q, "status")
	if n := len(changes); err != nil || got["en_stock"]+got["en_service"] != n || len(got) != 2 {
		t.Error(got, n, err)
	}
}
