/**
 * VS Code's API for agents and chats, which is newer than the oldest version that the extension supports: declared as far
 * as it is used. Where an editor lacks a part, it is undefined here, and what needs it is left out.
 */

import * as vscode from "vscode";

/** A text in a conversation with a model, or in a tool's result. */
export interface TextPart {
  value: string;
}

export interface ToolInvocation {
  input: unknown;
  /** How long the result may be, if the caller says so. */
  tokenizationOptions?: { tokenBudget: number };
}

/** `vscode.LanguageModelTool` (1.95). */
export interface Tool {
  invoke(options: ToolInvocation, token: vscode.CancellationToken): Promise<unknown>;
  prepareInvocation(options: ToolInvocation): { invocationMessage: string };
}

/** `vscode.LanguageModelChatInformation` (1.104). */
export interface ModelInformation {
  id: string;
  name: string;
  family: string;
  version: string;
  detail: string;
  tooltip: string;
  maxInputTokens: number;
  maxOutputTokens: number;
  /** Whether it is in the picker without having been ticked in a list of models first. */
  isUserSelectable: boolean;
  capabilities: { toolCalling: boolean; imageInput: boolean };
}

/** `vscode.LanguageModelChatRequestMessage` (1.104); roles: 1 is the user, 2 the assistant, 3 the system. */
export interface RequestMessage {
  role: number;
  content: readonly unknown[];
}

/** `vscode.LanguageModelChatProvider` (1.104). */
export interface ModelProvider {
  onDidChangeLanguageModelChatInformation: vscode.Event<void>;
  provideLanguageModelChatInformation(options: { silent: boolean }): ModelInformation[];
  provideLanguageModelChatResponse(model: ModelInformation, messages: readonly RequestMessage[], options: unknown, progress: vscode.Progress<unknown>, token: vscode.CancellationToken): Promise<void>;
  provideTokenCount(model: ModelInformation, text: string | RequestMessage): Promise<number>;
}

/** `vscode.McpStdioServerDefinition` (1.101). */
export interface McpDefinition {
  cwd?: vscode.Uri;
}

/** `vscode.McpServerDefinitionProvider` (1.101). */
export interface McpProvider {
  onDidChangeMcpServerDefinitions: vscode.Event<void>;
  provideMcpServerDefinitions(): McpDefinition[];
}

interface NewerApi {
  readonly McpStdioServerDefinition?: new (label: string, command: string, args: string[], env: Record<string, string | number | null>, version: string) => McpDefinition;
  readonly lm?: {
    registerMcpServerDefinitionProvider?(id: string, provider: McpProvider): vscode.Disposable;
    registerTool?(name: string, tool: Tool): vscode.Disposable;
    registerLanguageModelChatProvider?(vendor: string, provider: ModelProvider): vscode.Disposable;
  };
  readonly chat?: Partial<typeof vscode.chat>;
  readonly LanguageModelTextPart?: new (value: string) => TextPart;
  readonly LanguageModelToolResult?: new (content: TextPart[]) => unknown;
}

export const newer: NewerApi = vscode as unknown as NewerApi;
