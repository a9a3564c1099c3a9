package dev.spinbpf.programs.model;

/** A file that is not what it should be. The message names file, section, offset and reason. */
public final class MalformedObjectException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String fileName;
    private final String section;
    private final long offset;

    /**
     * @param fileName the file's name as the user gave it
     * @param section the section at fault, or empty for the file itself
     * @param offset offset in bytes within the section (or file), or -1 if there is none to name
     * @param reason what is wrong, with the value found and what was expected
     */
    public MalformedObjectException(String fileName, String section, long offset, String reason) {
        super(describe(fileName, section, offset, reason));
        this.fileName = fileName;
        this.section = section;
        this.offset = offset;
    }

    public String fileName() {
        return fileName;
    }

    public String section() {
        return section;
    }

    public long offset() {
        return offset;
    }

    private static String describe(String fileName, String section, long offset, String reason) {
        StringBuilder text = new StringBuilder(fileName).append(": ");
        if (!section.isEmpty()) {
            text.append(section);
        }
        if (offset >= 0) {
            text.append("+0x").append(Long.toHexString(offset));
        }
        if (!section.isEmpty() || offset >= 0) {
            text.append(": ");
        }
        return text.append(reason).toString();
    }
}
