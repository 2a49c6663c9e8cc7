<?php

declare(strict_types=1);

namespace StoreController\Bridge\Controller\Adminhtml\Login;

use Magento\Backend\Model\UrlInterface;
use Magento\Framework\App\Action\HttpGetActionInterface;
use Magento\Framework\App\CsrfAwareActionInterface;
use Magento\Framework\App\Request\InvalidRequestException;
use Magento\Framework\App\RequestInterface;
use Magento\Framework\Controller\Result\Redirect;
use Magento\Framework\Controller\Result\RedirectFactory;
use Magento\Framework\Message\ManagerInterface as MessageManager;
use Psr\Log\LoggerInterface;
use StoreController\Bridge\Model\Login\Links;
use StoreController\Bridge\Model\Login\Owner;
use StoreController\Bridge\Model\Login\Session;

/**
 * Exchanges a one-time link for a session. Not one of the administration's own actions: those turn away
 * whoever is not signed in.
 */
class Enter implements HttpGetActionInterface, CsrfAwareActionInterface
{
    /**
     * @param RequestInterface $request
     * @param RedirectFactory $redirects
     * @param UrlInterface $url
     * @param MessageManager $messages
     * @param Links $links
     * @param Owner $owner
     * @param Session $session
     * @param LoggerInterface $logger
     */
    public function __construct(
        private readonly RequestInterface $request,
        private readonly RedirectFactory $redirects,
        private readonly UrlInterface $url,
        private readonly MessageManager $messages,
        private readonly Links $links,
        private readonly Owner $owner,
        private readonly Session $session,
        private readonly LoggerInterface $logger
    ) {
    }

    /**
     * @inheritDoc
     */
    public function execute(): Redirect
    {
        $redirect = $this->redirects->create();
        $redirect->setHeader('Cache-Control', 'no-store', true);
        $redirect->setHeader('Referrer-Policy', 'no-referrer', true);
        $token = $this->request->getParam('token');
        $role = is_string($token) ? $this->links->redeem($token, time()) : null;
        $user = $role === null ? null : $this->owner->account();
        if ($user === null || !$user->getIsActive()) {
            $this->logger->warning('A one-time link was turned away.');
            $this->messages->addErrorMessage(
                (string)__('This link was used before or is too old. Ask for a new one where you got it.')
            );
            return $redirect->setUrl($this->url->getUrl('adminhtml'));
        }
        $this->session->open($user);
        $this->logger->info('A one-time link signed the owner in.');
        return $redirect->setUrl($this->url->getUrl($this->url->getStartupPageUrl()));
    }

    /**
     * The token is what a form key would be.
     *
     * @param RequestInterface $request
     */
    public function validateForCsrf(RequestInterface $request): ?bool
    {
        return true;
    }

    /**
     * Magento's own answer is right.
     *
     * @param RequestInterface $request
     */
    public function createCsrfValidationException(RequestInterface $request): ?InvalidRequestException
    {
        return null;
    }
}
