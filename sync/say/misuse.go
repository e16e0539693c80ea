package say

import "regexp"

// misuses are the sentences of the command line's parser that people meet, and ours.
var misuses = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`^unknown flag (\S+), did you mean (?:one of )?(.*)\?$`), "l'option $1 n'existe pas\u00a0; vouliez-vous dire $2\u00a0?"},
	{regexp.MustCompile(`^unknown flag (\S+)$`), "l'option $1 n'existe pas"},
	{regexp.MustCompile(`^unexpected argument (\S+), did you mean (?:one of )?(.*)\?$`), "«\u00a0$1\u00a0» n'est pas attendu ici\u00a0; vouliez-vous dire $2\u00a0?"},
	{regexp.MustCompile(`^unexpected argument (.*)$`), "«\u00a0$1\u00a0» n'est pas attendu ici"},
	{regexp.MustCompile(`^missing flags: (.*) or (.*)$`), "il manque $1 ou $2"},
	{regexp.MustCompile(`^missing flags: (.*)$`), "il manque $1"},
	{regexp.MustCompile(`^expected one of (.*)$`), "dites quoi faire\u00a0: $1"},
	{regexp.MustCompile(`^expected "(.*)"$`), "il manque $1"},
	{regexp.MustCompile(`^(\S+) must be one of (.*) but got (.*)$`), "$1 ne peut pas être $3\u00a0; choix\u00a0: $2"},
	{regexp.MustCompile(`^(\S+) and (\S+) can't be used together$`), "$1 et $2 ne vont pas ensemble"},
	{regexp.MustCompile(`^(.*): stat (.*): [^:]*$`), "$1\u00a0: $2 est introuvable"},
	{regexp.MustCompile(`^(\S+): bool value must be .*$`), "$1 ne prend pas de valeur"},
	{regexp.MustCompile(`^(\S+): expected \S+ value but got .*$`), "$1\u00a0: il manque sa valeur"},
	{regexp.MustCompile(`^(\S+): missing value.*$`), "$1\u00a0: il manque sa valeur"},
	{regexp.MustCompile(`^(\S+): expected duration but got ("[^"]*").*$`), "$1\u00a0: $2 n'est pas une durée\u00a0; écrivez 90s, 5m ou 24h"},
	{regexp.MustCompile(`^(\S+): expected a valid .* but got (.*)$`), "$1\u00a0: $2 n'est pas un nombre"},
	{regexp.MustCompile(`(?s)^usage: (.*)$`), "$1"},
}

// Misuse returns in French what the parser of the command line found wrong.
func Misuse(err error) string {
	text := err.Error()
	for _, m := range misuses {
		if m.is.MatchString(text) {
			return m.is.ReplaceAllString(text, m.as)
		}
	}
	return text
}
