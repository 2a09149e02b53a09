/** Stands for the module `vscode` in unit tests: their subjects import only its types. */

export {};
