@NullMarked
package dev.spinbpf.programs.asm;

import org.jspecify.annotations.NullMarked;
