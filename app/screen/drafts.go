package screen

import "sync"

// drafts are what people are typing, written to the disk in the order in which it was typed. Only the latest
// text of a field is worth writing: a slow disk does not hold the keyboard up.
type drafts struct {
	mu      sync.Mutex
	waiting map[string]string
	running bool
	writing sync.Mutex // held while the disk is written, so that a dropped draft never comes back
}

// keepDraft writes a text beside the window.
func (s *Shell) keepDraft(key, text string) {
	d := &s.drafts
	d.mu.Lock()
	if d.waiting == nil {
		d.waiting = map[string]string{}
	}
	d.waiting[key] = text
	begin := !d.running
	d.running = true
	d.mu.Unlock()
	if begin {
		s.live.Go(s.writeDrafts)
	}
}

func (s *Shell) writeDrafts() {
	d := &s.drafts
	for {
		d.writing.Lock()
		d.mu.Lock()
		batch := d.waiting
		d.waiting = nil
		d.running = len(batch) > 0
		d.mu.Unlock()
		for key, text := range batch {
			_ = s.r.SetSetting(s.ctx, key, text) // it stays on the page, and the next key writes it again
		}
		d.writing.Unlock()
		if len(batch) == 0 {
			return
		}
	}
}

// dropDraft forgets a text that is saved or thrown away.
func (s *Shell) dropDraft(key string) {
	d := &s.drafts
	d.writing.Lock()
	defer d.writing.Unlock()
	d.mu.Lock()
	delete(d.waiting, key)
	d.mu.Unlock()
	if err := s.r.SetSetting(s.ctx, key, ""); err != nil {
		s.say(sentence(err))
	}
}

// draftText is a text that was being typed when the page was left or the program died.
func (s *Shell) draftText(key string) string {
	d := &s.drafts
	d.mu.Lock()
	text, waits := d.waiting[key]
	d.mu.Unlock()
	if waits {
		return text
	}
	text, _ = s.r.Setting(s.ctx, key)
	return text
}
