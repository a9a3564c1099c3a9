@NullMarked
package dev.spinbpf.programs.btf;

import org.jspecify.annotations.NullMarked;
