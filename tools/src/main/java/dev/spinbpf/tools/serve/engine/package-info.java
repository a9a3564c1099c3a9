/**
 * A machine that goes on: objects come and go, programs are attached and detached, maps are read and written while the
 * workload runs. Nothing in here knows HTTP.
 */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.engine;
