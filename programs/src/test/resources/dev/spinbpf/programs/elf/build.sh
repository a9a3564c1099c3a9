#!/bin/sh
# Compiles the sources of this directory again.
cd "$(dirname "$0")" || exit 1
for source in *.bpf.c; do
    object=${source%.c}.o
    clang-19 -O2 -g -target bpf -mcpu=v3 -fdebug-prefix-map="$PWD"=. -c "$source" -o "$object" || exit 1
    llvm-strip-19 --strip-debug "$object" || exit 1
done
