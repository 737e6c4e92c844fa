# What the install scripts share; sourced by them, in the root of the checkout. One line a step; everything the steps
# say goes to out/install.log. PYTHON names an interpreter to use (3.11+).

readonly log=out/install.log

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# step TITLE COMMAND...: runs the command and reports it in one line, with the end of what it said if it fails.
step() {
    local title=$1 begun
    shift
    mkdir -p "${log%/*}"
    printf '== %s\n' "$title" >>"$log"
    begun=$(wc -l <"$log")
    printf '%s ... ' "$title"
    if "$@" >>"$log" 2>&1 </dev/null; then
        echo 'done'
    else
        echo 'failed'
        tail -n "+$((begun + 1))" "$log" | tail -n 40 >&2
        fail "$title failed; all of its output is in $log."
    fi
}

# The interpreter that PYTHON names, or the first one that is new enough.
find_python() {
    local candidate candidates=(python3 python3.{11..14})
    [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# fingerprint FILE...: names what an environment was made from; it changes with the files, and when the checkout moves.
fingerprint() {
    { pwd; cat "$@"; } | sha256sum
}

# A fresh machine has no list of packages, and an old list names files that are gone: then it is updated.
apt_install() {
    local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" ||
        { "${as_root[@]}" apt-get update &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"; }
}

install_debian_packages() {
    local command="apt-get update && apt-get install -y $*"
    command -v apt-get >/dev/null || fail "Not a Debian machine: install what these packages hold, then try again: $*"
    as_root=()
    if ((EUID != 0)); then
        as_root=(sudo)
        command -v sudo >/dev/null || fail "Debian packages are missing, and there is no sudo. Run this as root: $command"
        # Asks for the password here, if one is needed, and not in the middle of a step.
        sudo -n true 2>/dev/null || sudo true || fail "Debian packages are missing. Run this as root: $command"
    fi
    step "Debian packages $*" apt_install "$@"
}
