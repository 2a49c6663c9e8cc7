<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\Exception\InputException;
use Magento\Framework\Exception\LocalizedException;
use Magento\Framework\Exception\NoSuchEntityException;
use Magento\Framework\Phrase;
use Magento\Framework\Webapi\Exception as WebapiException;
use StoreController\Bridge\Core\Outcome;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Model\Config\WriteRefused;

/**
 * The contract's failures as exceptions that Magento's REST layer answers with their status.
 */
class Failures
{
    private const UNPROCESSABLE = 422;
    private const CONFLICT = 409;
    private const UNAVAILABLE = 503;
    private const SETTING = '%scope|%code|%path: %message';

    /**
     * Somebody else was faster: 409.
     *
     * @param string $template
     * @param array<int,string|int> $parameters
     */
    public function conflict(string $template, array $parameters = []): WebapiException
    {
        return new WebapiException(new Phrase($template), 0, self::CONFLICT, $parameters);
    }

    /**
     * The shop cannot serve: 503.
     *
     * @param string $reason
     */
    public function unavailable(string $reason): WebapiException
    {
        return new WebapiException(new Phrase($reason), 0, self::UNAVAILABLE);
    }

    /**
     * The request is not well formed: 400.
     *
     * @param Refusal $refusal
     */
    public function malformed(Refusal $refusal): InputException
    {
        return new InputException(new Phrase($refusal->template(), $refusal->parameters()));
    }

    /**
     * What the address names does not exist: 404.
     *
     * @param Refusal $refusal
     */
    public function notFound(Refusal $refusal): NoSuchEntityException
    {
        return new NoSuchEntityException(new Phrase($refusal->getMessage()));
    }

    /**
     * The request is well formed and cannot be done: 422.
     *
     * @param Refusal $refusal
     */
    public function unprocessable(Refusal $refusal): WebapiException
    {
        $error = new InputException(new Phrase($refusal->template(), $refusal->parameters()));
        return new WebapiException(new Phrase($refusal->getMessage()), 0, self::UNPROCESSABLE, [], '', [$error]);
    }

    /**
     * Magento itself refused a tree of websites, and everything was rolled back: 400.
     *
     * @param LocalizedException|Refusal $reason
     */
    public function refusedNodes(LocalizedException|Refusal $reason): WebapiException
    {
        return new WebapiException(new Phrase($reason->getMessage()));
    }

    /**
     * A backend model refused a setting, and everything was rolled back: 422 with its words and the setting.
     *
     * @param WriteRefused $refused
     */
    public function refusedSetting(WriteRefused $refused): WebapiException
    {
        $setting = $refused->write->setting;
        $error = new InputException(new Phrase(self::SETTING, [
            'scope' => $setting->scope->type,
            'code' => $setting->scope->code,
            'path' => $setting->path,
            'message' => $refused->getMessage(),
        ]));
        return new WebapiException(new Phrase($refused->getMessage()), 0, self::UNPROCESSABLE, [], '', [$error]);
    }

    /**
     * Some settings cannot be: 422 with each of them.
     *
     * @param Outcome[] $errors
     * @param int $of
     */
    public function invalidItems(array $errors, int $of): WebapiException
    {
        $told = array_map(static fn (Outcome $error): array => [
            'scope' => $error->scope,
            'code' => (string)$error->scopeCode,
            'path' => $error->path,
            'message' => (string)$error->message,
        ], $errors);
        return $this->invalid('%1 of %2 items are invalid; nothing was applied.', $of, $told, self::SETTING);
    }

    /**
     * Some rows cannot be: 422 with each of them.
     *
     * @param array<int,string> $errors message by the row's position, which counts from 1
     * @param int $of
     */
    public function invalidRows(array $errors, int $of): WebapiException
    {
        $told = [];
        foreach ($errors as $row => $message) {
            $told[] = ['row' => $row, 'message' => $message];
        }
        return $this->invalid('%1 of %2 rows are invalid; nothing was applied.', $of, $told, 'Row %row: %message');
    }

    /**
     * A list of errors under one message.
     *
     * @param string $template
     * @param int $of
     * @param array<int,array<string,string|int>> $errors
     * @param string $each
     */
    private function invalid(string $template, int $of, array $errors, string $each): WebapiException
    {
        $list = array_map(
            static fn (array $one): InputException => new InputException(new Phrase($each, $one)),
            $errors
        );
        return new WebapiException(
            new Phrase($template, [count($errors), $of]),
            0,
            self::UNPROCESSABLE,
            [],
            '',
            $list
        );
    }
}
