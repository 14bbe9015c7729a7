#!/bin/sh
# Installs Chromium for the browser tests where this user may; says so and goes on where not.
set -eu
if command -v chromium >/dev/null 2>&1; then echo "browser: $(chromium --version 2>/dev/null | head -n 1) is here"; exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "browser: no Chromium and no right to install it; the browser tests will skip and say so"; exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
chromium --version
