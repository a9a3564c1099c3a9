/** The command line: commands, options, exit codes. */
@NullMarked
package dev.spinbpf.tools.cli;

import org.jspecify.annotations.NullMarked;
