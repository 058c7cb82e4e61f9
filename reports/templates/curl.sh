set -u
CA=${CA:-}  # a PEM file, where the target's certificate comes from an authority that this machine does not trust
OPTIONS=(-q -sS -g --http1.1 --proto =http,https --max-time 60)
if [ -n "$CA" ]; then OPTIONS+=(--cacert "$(realpath -- "$CA")"); fi
kept=$(mktemp -d) && cd "$kept" || exit 2
trap 'rm -rf -- "$kept"' EXIT
n=0 differs=0

curl() {  # sends a request, and keeps its answer under the next number
  n=$((n + 1)) && : >"$n.body"
  command curl "${OPTIONS[@]}" -D "$n.head" -o "$n.body" -w '%{url_effective}\n%{redirect_url}\n' "$@" >"$n.url" || exit 2
  printf 'request %s: %s\n' "$n" "$(take "$n" shape)"
}
at_once() {  # sends a request $1 times at once, and counts the answers by their status
  local times=$1 && shift && n=$((n + 1))
  for _ in $(seq "$times"); do command curl "${OPTIONS[@]}" -o /dev/null -w '%{http_code}\n' "$@" & done |
    sort | uniq -c | tee "$n.statuses"
}
wait_for() { echo "waiting $1 s, ${2:-as the run did}" && sleep "$1"; }
take() { python3 reader.py "$@"; }  # a part of the answer to request $1
default() {  # gives the variable $1 the value $2, unless the environment has one, and $1_PORT its port, as :8443
  local value=${!1:-$2} && value=${value%/}
  case $value in https://*:443) value=${value%:443} ;; http://*:80) value=${value%:80} ;; esac
  printf -v "$1" %s "$value" && printf -v "$1_PORT" %s ""
  if [[ $value =~ :[0-9]+$ ]]; then printf -v "$1_PORT" %s ":${value##*:}"; fi
  if [[ $value =~ ^(https?)://([[:alnum:].-]+\.localhost)(:[0-9]+)?$ ]]; then  # always on loopback (RFC 6761, section 6.3)
    local port=${BASH_REMATCH[3]#:} usual=443
    if [ "${BASH_REMATCH[1]}" = http ]; then usual=80; fi
    OPTIONS+=(--resolve "${BASH_REMATCH[2]}:${port:-$usual}:127.0.0.1")
  fi
}
ask() {  # gives the variable $1 a value that a person types, unless the environment has one
  if [ -z "${!1:-}" ]; then IFS= read -rsp "$2: " "$1" </dev/tty && echo || exit 2; fi
}
same() {  # shows the answer to request $1, and whether it is as in the run: of the shape $2, with all that follows
  local now other && now=$(take "$1" shape)
  other=$(take "$1" differences "${@:3}") || other="  it cannot be read"
  if [ "$now" != "$2" ]; then echo "request $1: $now; the run: $2" && differs=1
  elif [ -n "$other" ]; then echo "request $1: $now as in the run, but not with the same in it" && differs=1
  else echo "request $1, as in the run: $now"; fi
  if [ -n "$other" ]; then printf '%s\n' "$other"; fi
  { cat "$1.head" && head -c 2000 "$1.body"; } | tr -d '\r' | cat -v && echo
}
raced() {  # whether more, or less, than one of those sent at once succeeded
  if awk '$2 == 200 && $1 == 1 {one = 1} END {exit !one}' "$1.statuses"; then echo "request $1: one success" && differs=1; fi
}
