# What the install scripts share; sourced by them, in the root of the checkout. One line a step; everything the steps
# say goes to out/install.log. PYTHON names the interpreter to use, by its path, its name or its version.

readonly log=out/install.log
# The versions of Python that the tests run on, oldest first. A newer one is taken where there is none of these.
readonly versions=(3.11 3.12 3.13)

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

# version_of PYTHON: its version, such as 3.12. It is run for that: a shim of pyenv is there for every version that pyenv
# has, and runs only where that is chosen.
version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null </dev/null
}

# Debian has Pythons without these.
makes_environments() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null </dev/null
}

# find_version VERSION: an interpreter of this version, in PATH or else among pyenv's; of several the first that makes
# environments.
find_version() {
    local candidate found=''
    while IFS= read -r candidate; do
        [[ $(version_of "$candidate") == "$1" ]] || continue
        found=${found:-$candidate}
        if makes_environments "$candidate"; then
            found=$candidate
            break
        fi
    done < <(
        type -aP "python$1" python3 python || true
        printf '%s\n' "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/$1".*/bin/python
    )
    [[ -n $found ]] && printf '%s\n' "$found"
}

# One interpreter of each version that the tests run on, one a line, oldest first.
find_pythons() {
    local version
    for version in "${versions[@]}"; do
        find_version "$version" || continue
    done
}

# The interpreter that PYTHON names, or the oldest that the tests run on, or else a newer one.
find_python() {
    local version found=''
    if [[ ${PYTHON:-} =~ ^(python)?(3\.[0-9]+)$ ]]; then
        found=$(find_version "${BASH_REMATCH[2]}")
    elif [[ -n ${PYTHON:-} ]]; then
        found=$(type -P "$PYTHON")
    else
        for version in "${versions[@]}"; do
            ! found=$(find_version "$version") || break
        done
        found=${found:-$(type -P python3)}
    fi
    version=$(version_of "$found") && [[ $version == 3.* ]] && ((${version#3.} >= 11)) && printf '%s\n' "$found"
}

# The same; where there is none, it ends with a line that says so.
need_python() {
    find_python && return
    [[ -n ${PYTHON:-} ]] ||
        fail 'Python 3.11 or newer is needed. Install it, or name it: make install PYTHON=/path/to/python3.11'
    local found
    found=$(find_pythons | paste -sd ' ')
    fail "PYTHON=$PYTHON: expected a Python, 3.11 or newer, that runs; found here: ${found:-none}"
}

# The folder of the environment: .venv, but .venv-3.12 where PYTHON is a 3.12 and .venv of another version, so that
# trying a version never takes away the environment that is there. An environment whose interpreter is gone does not run
# any more, but still says which version it is of.
environment_folder() {
    local found wanted present
    if [[ -z ${PYTHON:-} ]]; then
        echo .venv
        return
    fi
    found=$(need_python) || return
    wanted=$(version_of "$found")
    present=$(sed -n '/^version/{s/^version\(_info\)* = \(3\.[0-9]*\).*/\2/p;q}' .venv/pyvenv.cfg 2>/dev/null) || true
    if [[ ${present:-$wanted} == "$wanted" ]]; then
        echo .venv
    else
        echo ".venv-$wanted"
    fi
}

# fingerprint FILE...: names what an environment was made from; it changes with the files, and when the checkout moves.
fingerprint() {
    { pwd; cat "$@"; } | sha256sum
}

# A fresh machine has no list of packages, and an old list names files that are gone: then it is updated. Two scripts may
# install at once, and apt-get fails where another one updates the list: so they take turns.
apt_install() {
    local apt_get=(flock --close "${log%/*}/apt.lock" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
    local install=("${apt_get[@]}" install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@")
    "${install[@]}" || { "${apt_get[@]}" update && "${install[@]}"; }
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
