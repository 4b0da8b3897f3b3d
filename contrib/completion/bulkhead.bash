# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for bulkhead(8).  Nothing is asked of the kernel or the engine while typing.

_bulkhead() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local commands='run apply plan clear check list status verify'
	local common='--docker --flows --config --state --json -v --verbose -h --help'
	local words=''

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$word")
		return
	fi
	case $previous in
	--flows | --state | --root)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--docker)
		compopt -o nospace 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -W 'unix:// tcp://' -- "$word")
		return
		;;
	--app | --only | --skip) return ;;
	help)
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
		return
		;;
	esac
	case ${COMP_WORDS[1]} in
	list) words="$common --endpoints --denied --networks --app" ;;
	verify) words="$common --all --probe --only --skip --quiet --root --icc-required" ;;
	run | apply | plan | clear | check | status) words=$common ;;
	*) return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	elif [[ ${COMP_WORDS[1]} == check ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}

complete -F _bulkhead bulkhead
