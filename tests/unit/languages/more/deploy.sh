#!/usr/bin/env bash
# Deploys a build to a host.
set -euo pipefail

source "$(dirname "$0")/lib/log.sh"
. ./lib/retry.sh

# Where builds are kept.
readonly BUILD_DIR="${BUILD_DIR:-/var/builds}"
export DEPLOY_TIMEOUT=30
declare -A HOSTS=(
  [staging]=stage.example.org
  [production]=www.example.org
)
quiet=0

# Writes how the script is used.
usage() {
  cat <<TEXT
usage: deploy.sh [-q] HOST
TEXT
}

# Copies a build.
#   $1  the host
function copy_build {
  local host="$1"
  retry 3 rsync -a "$BUILD_DIR/" "$host:/srv/app/" || die "cannot copy"
}

function restart_service() {
  on_failure() {
    log_error "restart failed"
  }
  trap on_failure ERR
  ssh "$1" 'systemctl restart app'
}

main() {
  while getopts "q" option; do
    case "$option" in
      q) quiet=1 ;;
      *) usage; exit 2 ;;
    esac
  done
  copy_build "${HOSTS[$1]}"
  restart_service "${HOSTS[$1]}"
}

main "$@"
