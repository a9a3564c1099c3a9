/**
 * The command line: commands, options, input files, exit codes. Commands call the modules below and hand the results to
 * {@code tools.report}; the form of output does not belong here.
 */
@NullMarked
package dev.spinbpf.tools.cli;

import org.jspecify.annotations.NullMarked;
