package filter

import (
	"errors"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar. Every alternative is decided by one token, so the parser never goes back and the first token that it refuses is the
// place of the mistake.
type (
	orExpr struct {
		Terms []*andExpr `parser:"@@ ( Or @@ )*"`
	}
	andExpr struct {
		Terms []*notExpr `parser:"@@ ( And @@ )*"`
	}
	notExpr struct {
		Nots  []string  `parser:"@Not*"`
		Group *orExpr   `parser:"( GroupOpen @@ Close"`
		Test  *testExpr `parser:"| @@ )"`
	}
	testExpr struct {
		Left   *termExpr   `parser:"@@"`
		Exists bool        `parser:"( @Exists"`
		Op     lexer.Token `parser:"| @Op"`
		Mod    lexer.Token `parser:"  @Mod?"`
		Right  *valueExpr  `parser:"  @@ )"`
	}
	termExpr struct {
		Call  *callExpr   `parser:"@@"`
		Field lexer.Token `parser:"| @Field"`
	}
	valueExpr struct {
		List *listExpr   `parser:"@@"`
		Call *callExpr   `parser:"| @@"`
		Text lexer.Token `parser:"| @(Bare | Quoted)"`
	}
	listExpr struct {
		Open  lexer.Token `parser:"@ListOpen"`
		Items []itemExpr  `parser:"( @@ ( Comma @@ )* )?"`
		Close lexer.Token `parser:"@Close"`
	}
	itemExpr struct {
		Text lexer.Token `parser:"@(Bare | Quoted)"`
	}
	callExpr struct {
		Name  lexer.Token `parser:"@Func"`
		Args  []*argExpr  `parser:"ArgsOpen @@ ( Comma @@ )*"`
		Close lexer.Token `parser:"@Close"`
		Index lexer.Token `parser:"@Index?"`
	}
	argExpr struct {
		Call  *callExpr    `parser:"@@"`
		List  *argListExpr `parser:"| @@"`
		Field lexer.Token  `parser:"| @Field"`
		Text  lexer.Token  `parser:"| @(Bare | Quoted)"`
	}
	argListExpr struct {
		Open  lexer.Token `parser:"@ListOpen"`
		Items []*argExpr  `parser:"( @@ ( Comma @@ )* )?"`
		Close lexer.Token `parser:"@Close"`
	}
)

var parser = participle.MustBuild[orExpr](participle.Lexer(language{}))

// maxDepth is how deep parentheses may be nested.
const maxDepth = 100

// parse makes the syntax tree of text.
func parse(text string) (*orExpr, *Error) {
	toks := scan(text)
	if len(toks) == 1 {
		return nil, newError(text, 0, len(text), "the filter is empty", "a filter is made of tests such as proc.name=cat")
	}
	depth := 0
	for _, t := range toks {
		switch t.Type {
		case tokGroupOpen, tokListOpen, tokArgsOpen:
			if depth++; depth > maxDepth {
				return nil, newError(text, t.Pos.Offset, 1, "parentheses are nested more than 100 deep", "")
			}
		case tokClose:
			depth--
		}
	}
	peek, err := lexer.Upgrade(&tokens{list: toks})
	if err != nil {
		return nil, newError(text, 0, 0, err.Error(), "")
	}
	tree, err := parser.ParseFromLexer(peek)
	if err != nil {
		offset := len(text)
		var pe participle.Error
		if errors.As(err, &pe) {
			offset = pe.Position().Offset
		}
		return nil, diagnose(text, toks, offset)
	}
	return tree, nil
}
