package dev.spinbpf.maps.cpu;

/** The action of an interrupt when it is delivered: runs the entry hooks of its level. */
@FunctionalInterface
public interface InterruptHandler {
    /** Runs at {@code level}, nested on what {@code cpu} was doing; {@code cpu.level()} is {@code level} already. */
    void handle(Cpu cpu, ContextLevel level);
}
