/**
 * The service over HTTP: the metrics of one run, or a machine that goes on while its programs, maps and workload are
 * looked at and changed. Puts the packages below together; routes, the machine and its state on disk do not belong here.
 */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve;
