package command

import "cantal.fr/buron/sync/node"

// askPhrase reads a passphrase from a file, or asks for it where none is named.
func (e *env) askPhrase(path, question string) (string, error) {
	return node.Passphrase(path, question, e.In, e.Err)
}
