/**
 * The output of commands as text, CSV and JSON. Reports are made from results that others computed: nothing here runs
 * or verifies a program, or reads a command line.
 */
@NullMarked
package dev.spinbpf.tools.report;

import org.jspecify.annotations.NullMarked;
