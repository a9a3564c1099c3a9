package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.linux.KernelVersion;
import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the jar. */
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Main.class.getPackage().getImplementationVersion();
        return new String[] {
            "spinbpf " + (version == null ? "(not packaged)" : version) + ", reference: Linux "
                    + KernelVersion.REFERENCE
        };
    }
}
