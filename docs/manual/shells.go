package manual

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Shells are those that scry completion knows.
var Shells = []string{"bash", "zsh", "fish"}

// ErrShell tells that the arguments of scry completion name no shell that is known.
var ErrShell = errors.New("name one shell: scry completion " + strings.Join(Shells, "|"))

// WriteCompletion writes the script that makes a shell ask `scry __complete -- WORDS...` for candidates. args are those of scry completion.
func WriteCompletion(w io.Writer, args []string) error {
	text, ok := "", false
	if len(args) == 1 {
		if text, ok = scripts[args[0]]; args[0] == "-h" || args[0] == "--help" {
			text, ok = CommandHelp("completion"), true
		}
	}
	switch {
	case !ok && len(args) == 1:
		return fmt.Errorf("no completion for %q: %w", args[0], ErrShell)
	case !ok:
		return ErrShell
	}
	_, err := io.WriteString(w, text)
	return err
}

var scripts = map[string]string{
	// bash cuts words at the characters of COMP_WORDBREAKS ("=" among them) and replaces only what follows the last one, unless a quote is open.
	// So the words are put together again for scry, and of its answer only the part is used that bash replaces. When bash only lists
	// (COMP_TYPE 63), the pieces of the filter that all candidates share are left out.
	"bash": `# bash completion for scry: source <(scry completion bash)
_scry() {
	local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} words=() word i
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		((i < COMP_CWORD)) || word=${word:0:${#line}}
		if ((i > 0)) && [[ $line != [[:space:]]* && -n $line ]]; then
			[[ $line == "$word"* ]] || word=$line
			words[${#words[@]} - 1]+=$word
		else
			line=${line#"${line%%[![:space:]]*}"}
			[[ $line == "$word"* ]] || word=$line
			words+=("$word")
		fi
		line=${line#"$word"}
	done
	local whole=${words[${#words[@]} - 1]} cut='' text help quote=${words[${#words[@]} - 1]:0:1}
	if [[ $quote == [\'\"] ]]; then
		whole=${whole:1}
	elif [[ $whole == *["$COMP_WORDBREAKS"]* ]]; then
		cut=${whole%"${whole##*["$COMP_WORDBREAKS"]}"}
	fi
	[[ $COMP_TYPE == 63 && $whole == *[' ('=\<\>,]* ]] && cut=${whole%"${whole##*[' ('=\<\>,]}"}
	COMPREPLY=()
	while IFS=$'\t' read -r text help; do
		if [[ $text == ':files '* ]]; then
			compopt -o filenames 2>/dev/null
			local glob=${text#:files } file
			while IFS= read -r file; do
				[[ -d $file || ${file##*/} == $glob ]] && COMPREPLY+=("$file")
			done < <(compgen -f -- "${whole#"$cut"}")
			return
		fi
		COMPREPLY+=("${text#"$cut"}")
	done < <("${COMP_WORDS[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
	compopt -o nospace 2>/dev/null
}
complete -F _scry scry
`,
	"zsh": `#compdef scry
# zsh completion for scry: source <(scry completion zsh), or as _scry in a directory of $fpath
_scry() {
	local -a more whole
	local line text help
	while IFS= read -r line; do
		text=${line%%$'\t'*}
		help=
		[[ $line == *$'\t'* ]] && help=${line#*$'\t'}
		case $text in
			':files '*) _files -g "${text#:files }"; return ;;
			*' ') whole+=("${${text% }//:/\\:}${help:+:$help}") ;;
			*) more+=("${text//:/\\:}${help:+:$help}") ;;
		esac
	done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)
	local found=1
	(( ${#whole} )) && _describe -V scry whole && found=0
	(( ${#more} )) && _describe -V scry more -S '' && found=0
	return $found
}
if [[ $funcstack[1] == _scry ]]; then
	_scry "$@"
else
	compdef _scry scry
fi
`,
	"fish": `# fish completion for scry: scry completion fish | source
function __scry_complete
	set -l words (commandline -opc)
	set -l answer (scry __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
	if string match -q ':files *' -- "$answer[1]"
		__fish_complete_suffix .scap
	else
		string replace -r ' (\t|$)' '$1' -- $answer
	end
end
complete -c scry -f -a '(__scry_complete)'
`,
}
