<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\Exception\InputException;
use Magento\Framework\Exception\LocalizedException;
use Magento\Framework\Phrase;
use Magento\Framework\Webapi\Exception as WebapiException;
use StoreController\Bridge\Core\Outcome;
use StoreController\Bridge\Core\Refusal;

/**
 * The contract's failures as exceptions that Magento's REST layer answers with their status.
 */
class Failures
{
    private const UNPROCESSABLE = 422;
    private const CONFLICT = 409;
    private const UNAVAILABLE = 503;

    /**
     * Somebody else was faster: 409.
     *
     * @param string $template
     * @param array<int, string|int> $parameters
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
     * Magento itself refused, and everything was rolled back: 422 unless told otherwise.
     *
     * @param LocalizedException|Refusal $cause
     * @param int $status
     */
    public function refused(LocalizedException|Refusal $cause, int $status = self::UNPROCESSABLE): WebapiException
    {
        return new WebapiException(new Phrase($cause->getMessage()), 0, $status);
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
        return $this->invalid('%1 of %2 items are invalid; nothing was applied.', $of, $told, '%scope|%code|%path: %message');
    }

    /**
     * Some rows cannot be: 422 with each of them.
     *
     * @param array<int, string> $errors message by the row's position, which counts from 1
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
     * The table that the rows are for cannot be: 422 with each reason.
     *
     * @param string[] $errors
     */
    public function invalidTable(array $errors): WebapiException
    {
        $list = array_map(
            static fn (string $error): InputException => new InputException(new Phrase($error)),
            $errors
        );
        return new WebapiException(
            new Phrase('There is no such table of rates; nothing was applied.'),
            0,
            self::UNPROCESSABLE,
            [],
            '',
            $list
        );
    }

    /**
     * A list of errors under one message.
     *
     * @param string $template
     * @param int $of
     * @param array<int, array<string, string|int>> $errors
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
