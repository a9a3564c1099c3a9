package dev.spinbpf.tools.cli;

/** The exit codes of all commands. */
final class ExitCodes {
    static final int GOOD = 0;

    /** Something was refused or failed. */
    static final int REFUSED = 1;

    /** Wrong usage or unreadable input. */
    static final int USAGE = 2;

    private ExitCodes() {}
}
