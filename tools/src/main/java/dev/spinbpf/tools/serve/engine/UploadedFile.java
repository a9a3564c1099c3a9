package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.vm.stress.ByteString;

/**
 * A file that was uploaded so that workloads can name it.
 *
 * @param name its name, by which workloads call it
 * @param bytes its contents
 * @param digest SHA-256 of its contents, in hexadecimal
 */
public record UploadedFile(String name, ByteString bytes, String digest) {}
