# bash completion for nameward(1); goes to /usr/share/bash-completion/completions/nameward

# Names of one kind (list, device) from the configuration in use.
_nameward_names()
{
	nameward ${conf:+-c "$conf"} config names -o csv 2>/dev/null |
		sed -n "s/\r\$//; s/^$1,//p"
}

_nameward()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local common='-c --config -o --output --json --color --no-pager -h --help --version'
	local filters='--client --name --verdict --list --type'
	local verbs='status log why top who client report history export allow block pause resume'
	verbs+=' override gate cache list local import config'
	local verb='' second='' conf='' i word words=''

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-c | --config) conf=${COMP_WORDS[++i]} ;;
		-o | --output | -n | --lines | -S | --since | -U | --until) ((i++)) ;;
		--client | --name | --verdict | --list | --type | --zone | --for | --seconds | --before | --kind | --format | --html | --apply | --router) ((i++)) ;;
		-*) ;;
		*) if [[ -z $verb ]]; then verb=$word; elif [[ -z $second ]]; then second=$word; fi ;;
		esac
	done

	case $prev in
	-c | --config | --html | --apply)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-o | --output) words='table json csv' ;;
	-S | --since | -U | --until) words='now today yesterday -1h -1d' ;;
	--client) words=$(_nameward_names device) ;;
	--kind) words='lookups refusals events hourly daily' ;;
	--before) words='-30d -90d' ;;
	--format) words='ndjson csv cof' ;;
	--group) words=$(_nameward_names group) ;;
	--list) words=$(_nameward_names list) ;;
	--zone) words=$(_nameward_names zone) ;;
	--verdict)
		words='forwarded cached stale local blocked blocked-cname failed refused gate-failed rebind' ;;
	--type) words='A AAAA HTTPS SVCB CNAME MX TXT PTR SRV NS SOA' ;;
	-n | --lines | --name | --for | --seconds | --router) return ;;
	*)
		case "$verb $second" in
		' ') words="$verbs $common" ;;
		'log '*) words="-f --follow -n --lines -r --reverse -S --since -U --until $filters $common" ;;
		'top ') words="names sites clients lists upstreams types verdicts $common" ;;
		'top '*) words="-n --lines -S --since -U --until $filters $common" ;;
		'who '*) words="-n --lines -S --since -U --until $common" ;;
		'client ') words="$(_nameward_names device) -n --lines -S --since -U --until $common" ;;
		'client '*) words="-n --lines -S --since -U --until $common" ;;
		'history ') words="export size prune backup sql forget import $common" ;;
		'history prune') words="--before --kind --yes $common" ;;
		'history backup')
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return ;;
		'history sql') words="--seconds --views $common" ;;
		'history export') words="--format -S --since -U --until $filters $common" ;;
		'history import')
			if [[ $cur != -* ]]; then
				compopt -o filenames
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			fi
			words="--apply $common" ;;
		'export ') words="postgres $common" ;;
		'export postgres') words="--router $common" ;;
		'import ') words="adguard dnsmasq pihole $common" ;;
		'import '*)
			if [[ $cur != -* ]]; then
				compopt -o filenames
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			fi
			words="--apply $common" ;;
		'report '*) words="--day --week --html -S --since -U --until $common" ;;
		'why '*) words="--client $common" ;;
		'allow '* | 'block '*) words="--for --client --group --end --save $common" ;;
		'pause '*) words="$(_nameward_names policy) $(_nameward_names group) $(_nameward_names device) --for $common" ;;
		'resume '*) words="$(_nameward_names policy) $(_nameward_names group) $(_nameward_names device) $common" ;;
		'override ') words="ls $common" ;;
		'cache ') words="ls flush $common" ;;
		'cache flush') words="--all $common" ;;
		'gate ') words="ls bypass check quarantine readiness rules withdraw $common" ;;
		'gate quarantine') words="$(_nameward_names device) --for --end $common" ;;
		'gate bypass') words="$(_nameward_names zone) --for --end $common" ;;
		'gate check') words="--client $common" ;;
		'gate withdraw') words="--client --kill $common" ;;
		'gate readiness') words="--zone -S --since $common" ;;
		'list ') words="ls rollback search test update $common" ;;
		'list rollback') words="--undo $common" ;;
		'list ls') words="-S --since $common" ;;
		'list test')
			if [[ $cur != -* ]]; then
				compopt -o filenames
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			fi
			words="-S --since $common" ;;
		'list update') words="$(_nameward_names list) --all --accept $common" ;;
		'history forget') words="--client --name --yes $common" ;;
		'local ') words="ls $common" ;;
		'config ') words="check show example $common" ;;
		'config check' | 'config show')
			if [[ $cur != -* ]]; then
				compopt -o filenames
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			fi
			words=$common ;;
		*) words=$common ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _nameward nameward
