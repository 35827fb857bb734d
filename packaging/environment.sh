# Shared by ./start, ./check and .ci/run (bash): finds Python, makes the virtual environment, installs the locked
# packages once, and checks the system libraries that Qt loads. MEDSAPIENS_VENV names another environment folder,
# MEDSAPIENS_PYTHON another interpreter, MEDSAPIENS_TORCH_INDEX a package index to take torch from.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${MEDSAPIENS_VENV:-$root/.venv}
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }

fail() { # fail MESSAGE...: what is wrong and what to do, then exit as for a mistake that the user can mend
    say "$@"
    exit 2
}

apt_install() { # apt_install PACKAGE...: install as root, else print the command
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        say "Installing system packages: $*"
        export DEBIAN_FRONTEND=noninteractive
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
            { apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
    else
        say "Some system packages are missing. On Debian or Ubuntu install them with:"
        say "    sudo apt-get install $*"
        return 1
    fi
}

usable_python() { # true for an interpreter that runs, is 3.11 or newer and can make a virtual environment
    "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local name
    for name in ${MEDSAPIENS_PYTHON:+"$MEDSAPIENS_PYTHON"} python3.11 python3.12 python3.13 python3 python; do
        if usable_python "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then return; fi
    if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ]; then
        fail "$venv is in the way: it is not a virtual environment. Move it aside and run this again."
    fi
    if ! python=$(find_python); then
        apt_install python3 python3-venv || true
        python=$(find_python) || fail "Python 3.11 or newer (with venv) was not found on PATH. Install it, or set MEDSAPIENS_PYTHON."
    fi
    say "Making the environment $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

torch_requirement() { sed -n 's/^ *"\(torch==[^"]*\)".*/\1/p' "$root/pyproject.toml"; }

wanted() { # wanted FILE...: what an environment made from these files depends on
    (cd "$root" && cat "$@" pyproject.toml) | cksum
    printf '%s %s\n' "$root" "${MEDSAPIENS_TORCH_INDEX:-}"
}

pip_install() { "$venv/bin/python" -m pip install --quiet --no-input "$@"; }

install_locked() { # install_locked STAMP LOCK...: once for each content of the lock files and pyproject.toml
    local stamp=$venv/.installed-$1 lock
    shift
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted "$@")" ]; then return; fi
    rm -f "$stamp"
    say "Installing the locked packages (a few minutes the first time)"
    for lock in "$@"; do
        pip_install --require-hashes -r "$root/$lock"
    done
    pip_install ${MEDSAPIENS_TORCH_INDEX:+--index-url "$MEDSAPIENS_TORCH_INDEX"} "$(torch_requirement)"
    pip_install --no-deps --no-build-isolation --editable "$root"
    wanted "$@" >"$stamp"
    if [ ! -e /dev/nvidiactl ] && "$venv/bin/python" -m pip show --quiet nvidia-cublas >/dev/null 2>&1; then
        say "Note: torch came with CUDA libraries (about 5 GB) although this computer shows no NVIDIA GPU. For a small" \
            "install remove $venv, set MEDSAPIENS_TORCH_INDEX to the index of torch's CPU builds and run this again."
    fi
}

debian_package() { # the Debian package that brings a shared library which Qt needs
    case $1 in
        libEGL.so.1) echo libegl1 ;;
        libGL.so.1) echo libgl1 ;;
        libGLX.so.0) echo libglx0 ;;
        libOpenGL.so.0) echo libopengl0 ;;
        libX11.so.6) echo libx11-6 ;;
        libX11-xcb.so.1) echo libx11-xcb1 ;;
        libICE.so.6) echo libice6 ;;
        libSM.so.6) echo libsm6 ;;
        libdbus-1.so.3) echo libdbus-1-3 ;;
        libfontconfig.so.1) echo libfontconfig1 ;;
        libfreetype.so.6) echo libfreetype6 ;;
        libglib-2.0.so.0 | libgthread-2.0.so.0) echo libglib2.0-0 ;;
        libxkbcommon.so.0) echo libxkbcommon0 ;;
        libxkbcommon-x11.so.0) echo libxkbcommon-x11-0 ;;
        libxcb-*.so.*) echo "$1" | sed 's/\.so\./ /' | while read -r stem number; do
            case $stem in
                libxcb-util) echo libxcb-util1 ;;
                *) echo "$stem$number" ;;
            esac
        done ;;
        libxcb.so.1) echo libxcb1 ;;
        libz.so.1) echo zlib1g ;;
        libzstd.so.1) echo libzstd1 ;;
        libbrotli*.so.1) echo libbrotli1 ;;
        *) echo "$1" ;;
    esac
}

qt_files() { # qt_files PATTERN...: the binaries whose dependencies are looked at
    local pattern
    for pattern in "$@"; do
        find "$venv"/lib/python*/site-packages/PySide6 -path "*/$pattern" -print 2>/dev/null || true
    done
}

missing_packages() { # missing_packages PATTERN...: Debian packages for what these Qt binaries do not find
    { qt_files "$@" | xargs -r ldd 2>/dev/null || true; } | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u |
        while read -r library; do debian_package "$library"; done | sort -u | xargs
}

has_fonts() { find /usr/share/fonts /usr/local/share/fonts "${HOME:-/nonexistent}/.fonts" \
    "${HOME:-/nonexistent}/.local/share/fonts" -name '*.[to]tf' -print -quit 2>/dev/null | grep -q .; }

ensure_qt_libraries() { # ensure_qt_libraries PATTERN...: on Linux, install or name what is missing
    local packages
    [ "$(uname)" = Linux ] && command -v ldd >/dev/null || return 0
    packages=$(missing_packages "$@")
    has_fonts || packages="$packages fonts-dejavu-core"
    [ -n "${packages// /}" ] || return 0
    # shellcheck disable=SC2086 # a list of package names
    apt_install $packages
}

qt_core_files="QtWidgets.abi3.so platforms/libqoffscreen.so"
qt_window_files="platforms/libqxcb.so"

has_display() { [ "$(uname)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; }
