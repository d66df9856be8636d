package filter

import (
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// Kinds of tokens. Words are told apart by where they stand, so `and` after an operator is never a text to compare with, and
// `contains` as a value is never an operator; the grammar sees the difference.
const (
	tokField     lexer.TokenType = -(iota + 2) // proc.name, proc.aname[2], nginx
	tokOp                                      // = != contains in ...
	tokExists                                  // exists
	tokMod                                     // oneof anyof allof
	tokBare                                    // a value without quotes
	tokQuoted                                  // a value with its quotes
	tokFunc                                    // the name of a transformer
	tokIndex                                   // [c] after a transformer
	tokGroupOpen                               // ( around tests
	tokListOpen                                // ( of a list
	tokArgsOpen                                // ( after a transformer's name
	tokClose                                   // )
	tokComma
	tokAnd
	tokOr
	tokNot
	tokBad // what fits nowhere: an unclosed quote, a stray character, an unknown operator
)

// language is the lexer as participle wants it.
type language struct{}

func (language) Symbols() map[string]lexer.TokenType {
	return map[string]lexer.TokenType{
		"EOF": lexer.EOF, "Field": tokField, "Op": tokOp, "Exists": tokExists, "Mod": tokMod, "Bare": tokBare, "Quoted": tokQuoted,
		"Func": tokFunc, "Index": tokIndex, "GroupOpen": tokGroupOpen, "ListOpen": tokListOpen, "ArgsOpen": tokArgsOpen,
		"Close": tokClose, "Comma": tokComma, "And": tokAnd, "Or": tokOr, "Not": tokNot, "Bad": tokBad,
	}
}

func (language) Lex(_ string, r io.Reader) (lexer.Lexer, error) {
	b, err := io.ReadAll(r)
	return &tokens{list: scan(string(b))}, err
}

// tokens hands out a slice of tokens that ends with EOF.
type tokens struct{ list []lexer.Token }

func (t *tokens) Next() (lexer.Token, error) {
	tok := t.list[0]
	if len(t.list) > 1 {
		t.list = t.list[1:]
	}
	return tok, nil
}

// expect is what the scanner looks for next.
type expect uint8

const (
	expectTest  expect = iota // a test, or what joins tests
	expectOp                  // the operator after a field
	expectValue               // what stands after an operator
	expectItem                // inside a list
	expectArg                 // inside a transformer
)

type scanner struct {
	text  string
	pos   int
	want  expect
	after []expect // what to expect once each open parenthesis is closed
	out   []lexer.Token
}

// scan cuts text into tokens. It never fails: what fits nowhere becomes a tokBad, which the grammar does not accept.
func scan(text string) []lexer.Token {
	s := &scanner{text: text}
	for s.skipBlanks(); s.pos < len(text); s.skipBlanks() {
		switch s.want {
		case expectTest:
			s.test()
		case expectOp:
			s.operator()
		case expectValue:
			s.value()
		case expectItem:
			s.item()
		case expectArg:
			s.arg()
		}
	}
	return append(s.out, lexer.Token{Type: lexer.EOF, Pos: lexer.Position{Offset: len(text), Line: 1, Column: 1}})
}

func (s *scanner) skipBlanks() {
	for s.pos < len(s.text) && isBlank(s.text[s.pos]) {
		s.pos++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\b' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func isWordByte(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '.' }

func (s *scanner) rest() string { return s.text[s.pos:] }

func (s *scanner) emit(t lexer.TokenType, n int, next expect) {
	s.out = append(s.out, lexer.Token{Type: t, Value: s.text[s.pos : s.pos+n], Pos: lexer.Position{Offset: s.pos, Line: 1, Column: s.pos + 1}})
	s.pos += n
	s.want = next
}

// open emits a parenthesis: inside is expected in it, after behind it.
func (s *scanner) open(t lexer.TokenType, inside, after expect) {
	s.after = append(s.after, after)
	s.emit(t, 1, inside)
}

// punctuation takes a parenthesis or comma that closes or parts something.
func (s *scanner) punctuation() bool {
	switch s.text[s.pos] {
	case ',':
		s.emit(tokComma, 1, s.want)
	case ')':
		next := expectTest
		if k := len(s.after) - 1; k >= 0 {
			next = s.after[k]
			s.after = s.after[:k]
		}
		s.emit(tokClose, 1, next)
		if n := bracketLen(s.rest()); n > 0 {
			s.emit(tokIndex, n, s.want)
		}
	default:
		return false
	}
	return true
}

// word is the identifier, perhaps with dots, at the position.
func (s *scanner) word() string {
	r := s.rest()
	if !isLetter(r[0]) {
		return ""
	}
	n := 0
	for n < len(r) && (isWordByte(r[n]) || (r[n] == '-' || r[n] == '/') && strings.IndexByte(r[:n], '.') >= 0) {
		n++
	}
	return r[:n]
}

// bracketLen is the length of "[...]" at the start of r, 0 when there is none. A quote right after the bracket lasts to its own end.
func bracketLen(r string) int {
	if r == "" || r[0] != '[' {
		return 0
	}
	if len(r) > 2 && (r[1] == '"' || r[1] == '\'') {
		if k := strings.IndexByte(r[2:], r[1]); k >= 0 && strings.HasPrefix(r[2+k+1:], "]") {
			return 2 + k + 2
		}
		return 0
	}
	return strings.IndexByte(r, ']') + 1
}

// keyword takes and, or, not and their signs, all of which are followed by a test.
func (s *scanner) keyword(w string) bool {
	switch w {
	case "and", "&&":
		s.emit(tokAnd, len(w), expectTest)
	case "or", "||":
		s.emit(tokOr, len(w), expectTest)
	case "not":
		s.emit(tokNot, len(w), expectTest)
	default:
		return false
	}
	return true
}

// bad takes n bytes that fit nowhere.
func (s *scanner) bad(n int, next expect) { s.emit(tokBad, n, next) }

// field takes the field w and its bracket.
func (s *scanner) field(w string, next expect) {
	n := len(w)
	if r := s.rest()[n:]; strings.HasPrefix(r, "[") {
		k := bracketLen(r)
		if k == 0 {
			s.pos += n
			s.bad(len(r), next)
			return
		}
		n += k
	}
	s.emit(tokField, n, next)
}

// call takes the name w of a transformer and its parenthesis.
func (s *scanner) call(w string, after expect) {
	s.emit(tokFunc, len(w), s.want)
	s.open(tokArgsOpen, expectArg, after)
}

// calls tells whether the word w at the position is followed by a parenthesis.
func (s *scanner) calls(w string) bool {
	return w != "" && strings.IndexByte(w, '.') < 0 && strings.HasPrefix(s.rest()[len(w):], "(")
}

func (s *scanner) test() {
	r := s.rest()
	w := s.word()
	switch {
	case s.punctuation() || s.keyword(w) || len(r) > 1 && s.keyword(r[:2]):
	case r[0] == '(':
		s.open(tokGroupOpen, expectTest, expectTest)
	case r[0] == '!':
		s.emit(tokNot, 1, expectTest)
	case isShouted(w):
		s.bad(len(w), expectTest)
	case s.calls(w):
		s.call(w, expectOp)
	case w != "":
		s.field(w, expectOp)
	case s.quoted(expectTest):
	default:
		s.bad(s.bareLen(), expectTest)
	}
}

// isShouted tells whether w is and, or, not in capitals.
func isShouted(w string) bool {
	return slices.Contains([]string{"and", "or", "not"}, strings.ToLower(w)) && w != strings.ToLower(w)
}

func (s *scanner) operator() {
	r := s.rest()
	w := s.word()
	switch {
	case s.punctuation() || s.keyword(w) || len(r) > 1 && s.keyword(r[:2]):
	case r[0] == '(':
		s.open(tokGroupOpen, expectTest, expectTest)
	case w == "exists":
		s.emit(tokExists, len(w), expectTest)
	case isShouted(w):
		s.bad(len(w), expectTest)
	case strings.IndexByte(w, '.') >= 0:
		s.field(w, expectOp)
	case w != "" && opByName(w) != opNone:
		s.emit(tokOp, len(w), expectValue)
	case w != "":
		s.bad(len(w), expectValue)
	default:
		s.sign(r)
	}
}

// sign takes an operator made of signs.
func (s *scanner) sign(r string) {
	if (strings.HasPrefix(r, "=~") || strings.HasPrefix(r, "<>")) && (len(r) == 2 || isBlank(r[2]) || isQuote(r[2])) {
		s.bad(2, expectValue)
		return
	}
	for _, op := range []string{"==", "!=", "<=", ">=", "=", "<", ">"} {
		if strings.HasPrefix(r, op) {
			s.emit(tokOp, len(op), expectValue)
			return
		}
	}
	if !s.quoted(expectTest) {
		s.bad(s.bareLen(), expectValue)
	}
}

func (s *scanner) value() {
	r := s.rest()
	w := s.word()
	n := s.bareLen()
	switch {
	case r[0] == '(':
		s.open(tokListOpen, expectItem, expectTest)
	case s.punctuation() || s.quoted(expectTest):
	case r[0] == '=' || r[0] == 0:
		s.bad(n, expectTest)
	case isModifier(w) && strings.HasPrefix(strings.TrimLeft(r[len(w):], " \t\n\r\b"), "("):
		s.emit(tokMod, len(w), expectValue)
	case s.calls(w):
		s.call(w, expectTest)
	case s.keyword(r[:n]):
	default:
		s.emit(tokBare, n, expectTest)
	}
}

func (s *scanner) item() {
	r := s.rest()
	switch {
	case s.punctuation() || s.quoted(expectItem):
	case r[0] == '(':
		s.open(tokGroupOpen, expectItem, expectItem)
	case s.calls(s.word()):
		s.call(s.word(), expectItem)
	case r[0] == 0:
		s.bad(1, expectItem)
	default:
		s.emit(tokBare, s.bareLen(), expectItem)
	}
}

func (s *scanner) arg() {
	r := s.rest()
	w := s.word()
	switch {
	case s.punctuation() || s.quoted(expectArg):
	case r[0] == '(':
		s.open(tokListOpen, expectArg, expectArg)
	case s.calls(w):
		s.call(w, expectArg)
	case strings.IndexByte(w, '.') >= 0:
		s.field(w, expectArg)
	case r[0] == 0:
		s.bad(1, expectArg)
	default:
		s.emit(tokBare, s.bareLen(), expectArg)
	}
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// quoted takes a text in quotes, or a bad token to the end of the filter when the quote is not closed.
func (s *scanner) quoted(next expect) bool {
	r := s.rest()
	if !isQuote(r[0]) {
		return false
	}
	for i := 1; i < len(r); i++ {
		switch r[i] {
		case '\\':
			i++
		case r[0]:
			s.emit(tokQuoted, i+1, next)
			return true
		}
	}
	s.bad(len(r), next)
	return true
}

// bareLen is the length of the run without blank, parenthesis, comma and quote at the position, at least 1.
func (s *scanner) bareLen() int {
	r := s.rest()
	n := 0
	for n < len(r) && !isBlank(r[n]) && r[n] != 0 && strings.IndexByte(`(),"'`, r[n]) < 0 {
		n++
	}
	return max(n, 1)
}
